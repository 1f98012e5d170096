using CrCore.Remote;
using Xunit;

namespace CrProperty.Remote;

public class InjectedCodeTests
{
    [Fact]
    public void The_checkpoint_blob_is_what_its_source_assembles_to()
        => Assert.Equal(Convert.ToHexString(InjectionSource.Checkpoint()[InjectionSource.DataSize..]), Convert.ToHexString(InjectedCode.Checkpoint));

    [Fact]
    public void The_puppet_code_is_what_its_source_assembles_to()
        => Assert.Equal(Convert.ToHexString(InjectionSource.Puppet()), Convert.ToHexString(InjectedCode.Puppet));

    [Fact]
    public void The_init_code_is_what_its_source_assembles_to()
        => Assert.Equal(Convert.ToHexString(InjectionSource.Init()), Convert.ToHexString(InjectedCode.Init));

    [Fact]
    public void The_data_block_has_the_length_that_the_code_was_assembled_for()
        => Assert.Equal(InjectionSource.DataSize, CheckpointBlob.DataSize);
}
