using CrCore.Image;
using CrFuzz;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Fuzz;

/// <summary>Made-up images, their changes, and what a trial makes of them.</summary>
public sealed class ImageFuzzTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crfuzz-").FullName;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_made_up_image_is_valid(int seed)
        => Assert.Equal(default, new ImageTrial(Path.Combine(_folder, "i")).Run(RandomImage.Bytes(seed)) with { Details = null! });

    [Fact]
    public void The_same_seed_makes_the_same_image_and_another_one_another()
    {
        Assert.Equal(RandomImage.Bytes(5), RandomImage.Bytes(5));
        Assert.NotEqual(RandomImage.Bytes(5), RandomImage.Bytes(6));
    }

    [Fact]
    public void Sizes_are_kept_to()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            using var reader = new ImageReader(new MemoryStream(RandomImage.Bytes(seed, new(MaxTasks: 3))));
            Assert.InRange(reader.ReadMetadata().Tasks.Count, 1, 3);
        }
    }

    [Fact]
    public void No_change_brings_the_readers_down()
    {
        for (var seed = 1; seed <= 6; seed++)
        {
            var result = new ImageFuzzer { Seed = seed * 1000, Count = 120, Keep = Path.Combine(_folder, "kept") }.Run(RandomImage.Bytes(seed));
            Assert.True(result.Findings.Count == 0, string.Join('\n', result.Findings));
            Assert.Equal(120, result.Trials);
            Assert.Equal(result.Trials, result.Refused + result.Read);
            Assert.True(result.Refused > 60, "most changes break an image");
        }
        Assert.False(Directory.Exists(Path.Combine(_folder, "kept")));
    }

    [Fact]
    public void The_same_seed_makes_the_same_change()
    {
        var mutation = new ImageMutation(RandomImage.Bytes(2));
        var all = Enum.GetValues<MutationKind>().ToHashSet();
        for (var seed = 0; seed < 200; seed++)
        {
            var (a, b) = (mutation.Make(seed), mutation.Make(seed));
            Assert.Equal(a.Bytes, b.Bytes);
            Assert.Equal((a.Kind, a.What), (b.Kind, b.What));
            all.Remove(a.Kind);
        }
        Assert.Empty(all);
    }

    /// <summary>A trial has to be able to fail: damage that is told to be certain, in an image that is whole.</summary>
    [Fact]
    public void A_whole_image_that_was_to_be_refused_is_a_finding()
        => Assert.Equal(TrialProblem.DamageNotSeen, new ImageTrial(Path.Combine(_folder, "i")).Run(RandomImage.Bytes(1), mustFail: true).Problem);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
