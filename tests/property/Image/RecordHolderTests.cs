using CrCore.Image;
using Xunit;

namespace CrProperty.Image;

public class RecordHolderTests
{
    [Fact]
    public void ARecordIsFoundByItsTypeWhileTheModelGrows()
    {
        var task = new TaskImage(new TaskRecord { VPid = 10 }, 0, 0, null);
        Assert.Null(task.Get<TestObject>());
        Assert.Empty(task.All<TestObject>());
        task.Add(new ThreadRecord(10, 10));
        Assert.Null(task.Get<TestObject>());
        TestObject first = new(1, []), second = new(2, []);
        task.Add(first);
        task.Add(new ThreadRecord(10, 11));
        task.Add(second);
        Assert.Same(first, task.Get<TestObject>());
        Assert.Equal([first, second], task.All<TestObject>());
        Assert.Equal(10, task.Get<ThreadRecord>()!.VTid);
    }
}
