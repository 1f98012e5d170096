using System.Diagnostics;
using System.Text.Json;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Restore;
using CrProperty.Kernel;

namespace CrProperty.Namespaces;

/// <summary>
/// A python3 program with a child and a zombie, started by unshare(1) in namespaces of its own. It tells in files how it
/// sees the world, before a checkpoint and after it. Whatever is left of it is ended in the end.
/// </summary>
internal sealed class ContainedTree : IDisposable
{
    private const string Program = """
        import ctypes, fcntl, json, os, socket, struct, sys, time
        os.closerange(3, 65536)
        folder = sys.argv[1]
        sys.stderr = open(os.path.join(folder, "out"), "w")
        alone = False
        libc = ctypes.CDLL(None, use_errno=True)
        def said(name): return os.path.exists(os.path.join(folder, name))
        def await_word(name):
            while not said(name): time.sleep(0.01)
        def tell(name, value):
            # Several trees of one image tell the same at the same time.
            path = os.path.join(folder, name)
            new = path + "." + os.urandom(8).hex()
            with open(new, "w") as f: json.dump(value, f, sort_keys=True)
            os.rename(new, path)
        def loopback():
            with socket.socket() as s:
                return struct.unpack_from("h", fcntl.ioctl(s, 0x8913, struct.pack("16s24x", b"lo")), 16)[0] & 1
        def raise_loopback():
            with socket.socket() as s: fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", 1))
        def names(): u = os.uname(); return [u.nodename, open("/proc/sys/kernel/domainname").read().strip()]
        def look(): return {"pid": os.getpid(), "sid": os.getsid(0), "pgid": os.getpgid(0), "uid": os.getresuid(), "gid": os.getresgid(), "names": names(), "lo": loopback(),
            "pids": sorted(int(p) for p in os.listdir("/proc") if p.isdigit() and int(p) in mine), "uid_map": open("/proc/self/uid_map").read().split(),
            "setgroups": open("/proc/self/setgroups").read(), "status": [l for l in open("/proc/self/status") if l.startswith(("Cap", "Name"))]}
        def reaps_an_orphan():
            if os.getpid() != 1: return True
            middle = os.fork()
            if middle == 0:
                if os.fork() == 0: time.sleep(0.1); os._exit(9)
                os._exit(8)
            return sorted(os.waitstatus_to_exitcode(os.waitpid(-1, 0)[1]) for _ in (1, 2)) == [8, 9]
        exec(os.environ.get("PREPARE", ""))
        mine = {os.getpid()}
        if not alone:
            child = os.fork()
            if child == 0:
                while True: time.sleep(1000)
            zombie = os.fork()
            if zombie == 0: os._exit(7)
            mine |= {child, zombie}
            os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
        tell("before", look())
        await_word("go")
        tell("after", look())
        tell("zombie", 7 if alone else os.waitstatus_to_exitcode(os.waitpid(zombie, 0)[1]))
        tell("reaps", reaps_an_orphan())
        await_word("end")
        sys.exit(5)
        """;

    /// <summary>One that other users can run, too; what the search path finds may be in the home of this one.</summary>
    public const string SystemPython = "/usr/bin/python3";

    private readonly string _folder = Directory.CreateTempSubdirectory("crspaces-").FullName;
    private readonly List<int> _restored = [];
    private readonly Process _first;

    /// <param name="unshare">Arguments of unshare(1), or empty: then the program is started without it.</param>
    /// <param name="prepare">Python code that runs before anything else.</param>
    /// <param name="become">A program and its arguments that start it as another user.</param>
    public ContainedTree(string unshare, string prepare = "", string become = "")
    {
        File.SetUnixFileMode(_folder, (UnixFileMode)0x1ff);
        var script = Path.Combine(_folder, "program.py");
        File.WriteAllText(script, Program);
        var run = $"exec setsid {become} {(unshare.Length > 0 ? $"unshare {unshare}" : "")} {(become.Length > 0 ? SystemPython : "python3")} {script} {_folder} </dev/null >/dev/null 2>&1";
        var start = new ProcessStartInfo("/bin/sh", ["-c", run]);
        start.Environment["PREPARE"] = prepare;
        _first = Process.Start(start)!;
        Before = Hear("before");
        Root = _first.Id;
        // One that forks waits for its child.
        while (File.ReadAllText($"/proc/{Root}/comm") == "unshare\n")
            Root = int.Parse(File.ReadAllText($"/proc/{Root}/task/{Root}/children").Split(' ')[0]);
    }

    /// <summary>The pid of the tree's root, as seen here.</summary>
    public int Root { get; }

    public JsonElement Before { get; }

    public string Folder => _folder;

    public string Image => Path.Combine(_folder, "image.cr");

    public CheckpointResult Checkpoint(bool stop, ExternalMounts? external = null)
    {
        var result = new TreeCheckpoint(new CheckpointOptions { Stop = stop, Overwrite = true, ExternalMounts = external ?? ExternalMounts.None }).Run(Root, Image);
        if (stop)
            ChildEnd.Await(_first);
        return result;
    }

    public RestoreResult Restore(bool newPidNamespace = false, GivenMounts? given = null)
    {
        var result = new TreeRestore(new RestoreOptions { NewPidNamespace = newPidNamespace, ExternalMounts = given ?? GivenMounts.None }).Run(Image);
        _restored.AddRange(result.Tasks.Select(t => t.Pid));
        return result;
    }

    /// <summary>Takes over a restored root that somebody else made, to be ended in the end.</summary>
    public void Adopt(int root) => _restored.Add(root);

    public void Say(string name) => File.WriteAllText(Path.Combine(_folder, name), "");

    /// <summary>What the program told under a name, once it has.</summary>
    public JsonElement Hear(string name)
    {
        var path = Path.Combine(_folder, name);
        var patience = Stopwatch.StartNew();
        while (!File.Exists(path))
        {
            if (patience.Elapsed > TimeSpan.FromSeconds(60))
                throw new InvalidOperationException($"nothing told of {name}; output: {(File.Exists(Path.Combine(_folder, "out")) ? File.ReadAllText(Path.Combine(_folder, "out")) : "none")}");
            Thread.Sleep(5);
        }
        return JsonDocument.Parse(File.ReadAllText(path)).RootElement;
    }

    /// <summary>The inode numbers of a process's namespaces, by their names.</summary>
    public static string Namespace(int pid, string kind) => new FileInfo($"/proc/{pid}/ns/{kind}").LinkTarget ?? "none";

    public void Dispose()
    {
        foreach (var pid in _restored)
            EndTree(pid);
        EndTree(Root);
        ChildEnd.Kill(_first);
        _first.Dispose();
        LeftFolder.Delete(_folder);
    }

    /// <summary>Only those that still are what was started here.</summary>
    private void EndTree(int pid)
    {
        try
        {
            if (!File.ReadAllText($"/proc/{pid}/cmdline").Contains(_folder, StringComparison.Ordinal))
                return;
            var children = File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            foreach (var child in children)
                EndTree(int.Parse(child));
            // Not by the runtime, which takes a restored program for the one of that pid that it has seen the end of.
            Libc.Syscall(Sys.kill, pid, 9);
        }
        catch (IOException)
        {
            // It has ended by itself meanwhile.
        }
    }
}
