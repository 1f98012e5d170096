using System.Management.Automation;
using CrCore;
using CrModule.Pipeline;
using Xunit;

namespace CrProperty.Module;

/// <summary>The one table of categories, and the parts of an error record.</summary>
public class ErrorRecordTests
{
    [Theory]
    [InlineData(CrErrorKind.InvalidArgument, ErrorCategory.InvalidArgument)]
    [InlineData(CrErrorKind.NotFound, ErrorCategory.ObjectNotFound)]
    [InlineData(CrErrorKind.PermissionDenied, ErrorCategory.PermissionDenied)]
    [InlineData(CrErrorKind.InvalidImage, ErrorCategory.InvalidData)]
    [InlineData(CrErrorKind.Obstacle, ErrorCategory.ResourceUnavailable)]
    [InlineData(CrErrorKind.NotSupported, ErrorCategory.NotImplemented)]
    [InlineData(CrErrorKind.KernelRefused, ErrorCategory.InvalidOperation)]
    [InlineData(CrErrorKind.TargetChanged, ErrorCategory.OperationStopped)]
    [InlineData(CrErrorKind.Internal, ErrorCategory.NotSpecified)]
    public void Each_kind_has_its_category(CrErrorKind kind, ErrorCategory category)
        => Assert.Equal(category, ErrorRecords.CategoryOf(kind));

    [Fact]
    public void No_kind_is_without_a_category()
        => Assert.All(Enum.GetValues<CrErrorKind>(), kind => ErrorRecords.CategoryOf(kind));

    [Fact]
    public void A_record_bears_id_target_and_advice()
    {
        var record = ErrorRecords.From(new CrArgumentException("CrSelf", "It is this process.", "Take another."), 42);
        Assert.Equal("CrSelf", record.FullyQualifiedErrorId);
        Assert.Equal(42, record.TargetObject);
        Assert.Equal("Take another.", record.ErrorDetails.RecommendedAction);
        Assert.Equal("It is this process.", record.ToString());
    }

    [Fact]
    public void Without_advice_of_the_engines_a_record_says_what_to_do_all_the_same()
        => Assert.All(Enum.GetValues<CrErrorKind>(), kind => Assert.NotEmpty(ErrorRecords.From(new CrArgumentException("CrX", "It is so.", null, kind), 1).ErrorDetails.RecommendedAction));

    [Fact]
    public void Every_obstacle_is_reachable_as_an_object()
    {
        var obstacles = new[]
        {
            new Obstacle("CrSocket", CrErrorKind.NotSupported, ObstacleSeverity.Error, 7, "nc", "fd 3", "a socket"),
            new Obstacle("CrEpoll", CrErrorKind.NotSupported, ObstacleSeverity.Error, 8, "nc", "fd 4", "an epoll instance"),
        };
        var record = ErrorRecords.From(new CrPreflightException("CrCheckpointObstacles", obstacles), 7);
        Assert.Equal(ErrorCategory.NotImplemented, record.CategoryInfo.Category);
        Assert.Equal(obstacles, Assert.IsType<CrPreflightException>(record.Exception).Obstacles);
    }
}
