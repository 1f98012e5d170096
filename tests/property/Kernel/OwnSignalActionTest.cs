using System.Runtime.InteropServices;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>The C library's form of a signal's action, which is another one than the kernel's, against its header.</summary>
public sealed class OwnSignalActionTest
{
    [FactWith("cc")]
    public void The_structure_is_that_of_the_header()
    {
        string[] members = ["sa_handler", "sa_mask", "sa_flags", "sa_restorer"];
        string[] fields = [nameof(OwnSignalAction.Handler), nameof(OwnSignalAction.Mask), nameof(OwnSignalAction.Flags), nameof(OwnSignalAction.Restorer)];
        var answers = CHeaders.Ask([("sizeof(struct sigaction)", null), .. members.Select(m => ($"offsetof(struct sigaction, {m})", (string?)null))], """
            #include <stdio.h>
            #include <stddef.h>
            #include <signal.h>
            """);
        Assert.Equal(answers["sizeof(struct sigaction)"], Marshal.SizeOf<OwnSignalAction>());
        Assert.Equal(members.Select(m => answers[$"offsetof(struct sigaction, {m})"]), fields.Select(f => (long)Marshal.OffsetOf<OwnSignalAction>(f)));
    }
}
