using CrCore.Remote;
using Xunit;

namespace CrProperty.Remote;

public class InjectedCodeTests
{
    [Fact]
    public void The_checkpoint_code_is_what_its_source_assembles_to()
    {
        Assert.Equal(Convert.ToHexString(InjectionSource.Checkpoint(out var host)), Convert.ToHexString(InjectedCode.Checkpoint));
        Assert.Equal(InjectedCode.CheckpointHost, host);
    }

    [Fact]
    public void The_puppet_code_is_what_its_source_assembles_to()
        => Assert.Equal(Convert.ToHexString(InjectionSource.Puppet()), Convert.ToHexString(InjectedCode.Puppet));

    [Fact]
    public void The_init_code_is_what_its_source_assembles_to()
        => Assert.Equal(Convert.ToHexString(InjectionSource.Init()), Convert.ToHexString(InjectedCode.Init));

    [Fact]
    public void Blocks_and_guests_are_where_the_code_was_assembled_for()
        => Assert.Equal((InjectionSource.BlockSize, InjectionSource.GuestsAt, InjectionSource.GuestRoom, InjectionSource.DoneAt),
            (CheckpointBlob.BlockSize, CheckpointBlob.GuestsAt, CheckpointBlob.GuestRoom, CheckpointBlob.DoneAt));
}
