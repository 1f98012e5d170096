using CrCore;
using CrCore.Remote;
using CrCore.Restore;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Objects.Files;

/// <summary>
/// Hundreds of regular files, which a restore opens in rows: those of a small tree while it still looks at them (where no namespaces
/// are made), all others in the root's puppet.
/// </summary>
public class ManyFilesTests
{
    /// <summary>A table at random: gaps, close-on-exec, flags, offsets, descriptors that share one description, files that several have open.</summary>
    private const string RandomTable = """
            import random, resource; resource.setrlimit(resource.RLIMIT_NOFILE, (9000,) * 2)
            chance = random.Random(SEED); descriptions = []; facts = {}
            modes = [os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_RDWR | os.O_APPEND, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK, os.O_RDONLY | os.O_NOATIME]
            def put(fd, number):
                if fd != number: os.dup2(fd, number); os.close(fd)
                os.set_inheritable(number, chance.random() < 0.5)
                return number
            os.makedirs('one/deep'); os.makedirs('one/\u00fcber'); folder = ''; number = 2
            for i in range(chance.choice([20, 300, 700])):
                number += chance.choice([1] * 30 + [2, 3, 9, 200]) if number < 6000 else 1
                if chance.random() < 0.1: folder = chance.choice(['', 'one/', 'one/deep/', 'one/\u00fcber/'])
                name = folder + 'file%d' % chance.randrange(i // 2 + 1)
                if chance.random() < 0.1 and descriptions:
                    os.dup2(chance.choice(descriptions), number); os.set_inheritable(number, chance.random() < 0.5)
                else:
                    with open(name, 'a') as made: made.write('contents of %s' % name)
                    fd = put(os.open(name, chance.choice(modes)), number); descriptions.append(fd)
                    if chance.random() < 0.7: os.lseek(fd, chance.randrange(40), 0)
            if chance.random() < 0.5: os.dup2(descriptions[0], 0)
            if chance.random() < 0.5: r, w = os.pipe(); os.dup2(r, number + 5)
            def look():
                return {x: (file_of(x), fcntl.fcntl(x, fcntl.F_GETFL), fcntl.fcntl(x, fcntl.F_GETFD)) for x in range(9000) if exists(x)}
            def file_of(x):
                name = '/proc/self/fd/%d' % x
                return (os.readlink(name), os.fstat(x).st_ino, os.lseek(x, 0, 1)) if os.path.isfile(name) else None
            def exists(x):
                try: os.fstat(x); return True
                except OSError: return False
            def shared():
                same_one = lambda a, b: libc.syscall(312, os.getpid(), os.getpid(), 0, a, b) == 0
                return [same_one(a, b) for a, b in pairs]
            libc = ctypes.CDLL(None); have = [x for x in look()]; pairs = [(chance.choice(have), chance.choice(have)) for _ in range(400)]
            for _ in range(CHILDREN):
                if os.fork() == 0:
                    for x in have[::7]: os.close(x)
                    signal.pause()
            before = look(), shared()
            wait()
            same(look(), before[0]); same(shared(), before[1])
        """;

    public static TheoryData<bool, int, int> Tables()
    {
        var data = new TheoryData<bool, int, int>();
        for (var seed = 1; seed <= 6; seed++)
        {
            data.Add(false, seed, 0);
            data.Add(false, 10 * seed, 2);
            data.Add(true, 100 * seed, seed % 2);
        }
        return data;
    }

    [TheoryWith("python3"), MemberData(nameof(Tables))]
    public void ARandomTableComesBack(bool newPidNamespace, int seed, int children)
    {
        using var program = new SelfCheckingProgram(RandomTable.Replace("SEED", $"{seed}").Replace("CHILDREN", $"{children}"));
        var told = program.Journey(restore: new() { NewPidNamespace = newPidNamespace });
        Assert.True(told == "ok", told);
    }

    /// <summary>More tasks than the root's files are opened for before it begins.</summary>
    [FactWith("python3")]
    public void ATreeOfManyTasksHasItsFiles()
    {
        using var program = new SelfCheckingProgram(RandomTable.Replace("SEED", "7").Replace("CHILDREN", "24"));
        Assert.Equal("ok", program.Journey());
    }

    internal const string Row = """
            files = [os.open('file%d' % i, os.O_RDWR | os.O_CREAT) for i in range(300)]
            for i, f in enumerate(files): os.write(f, b'0123456789'); os.lseek(f, i % 11, 0)
            wait()
            same([os.lseek(f, 0, 1) for f in files], [i % 11 for i in range(300)])
            same([os.readlink('/proc/self/fd/%d' % f) for f in files], [d + '/file%d' % i for i in range(300)])
        """;

    [FactWith("python3")]
    public void OneThatChangedComesBackWhereThatIsAccepted()
    {
        using var program = new SelfCheckingProgram(Row);
        program.Save();
        File.AppendAllText(Path.Combine(program.Folder, "file150"), "more");
        Assert.Equal("CrFileChanged", Assert.Single(Assert.Throws<CrPreflightException>(() => program.Restore()).Obstacles).Id);
        var result = program.Restore(new() { AcceptChangedFiles = true });
        Assert.Contains(result.Warnings, w => w.Id == "CrFileChanged" && w.Object.Contains("file150", StringComparison.Ordinal));
        Assert.Equal("ok", program.Check());
    }
}
