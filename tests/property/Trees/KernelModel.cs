namespace CrProperty.Trees;

/// <summary>
/// What the kernel does with parents and sessions, in a few lines: fork(2), CLONE_PARENT, setsid(2), PR_SET_CHILD_SUBREAPER
/// and the end of a process, whose children go to the nearest subreaper above it, else to the init (find_new_reaper in
/// kernel/exit.c).
/// </summary>
internal sealed class KernelModel
{
    public const int OutsideSession = 0;

    private readonly Process _outside;
    private int _lastPid;

    /// <param name="firstPid">The root's number; with 1 it is an init, and orphans come to it.</param>
    public KernelModel(int firstPid)
    {
        _lastPid = firstPid - 1;
        _outside = new Process(0, null!, OutsideSession);
        Root = Fork(_outside);
    }

    public sealed class Process(int pid, Process parent, int session)
    {
        public int Pid => pid;
        public Process Parent { get; set; } = parent;
        public int Session { get; set; } = session;
        public bool IsSubreaper { get; set; }
        public List<Process> Children { get; } = [];
        public override string ToString() => $"{pid} of {Parent.Pid} in {Session}";
    }

    public Process Root { get; }

    /// <summary>Who makes the root, or stands in front of it.</summary>
    public Process Creator => _outside;

    public Process Fork(Process by, int pid = 0, bool asSibling = false)
    {
        var parent = asSibling ? by.Parent : by;
        var child = new Process(pid != 0 ? pid : ++_lastPid, parent, by.Session);
        parent.Children.Add(child);
        return child;
    }

    public static bool StartSession(Process p)
    {
        if (p.Session == p.Pid)
            return false;
        p.Session = p.Pid;
        return true;
    }

    /// <summary>The root stays.</summary>
    public void End(Process p)
    {
        if (p == Root || p == _outside)
            return;
        var reaper = p.Parent;
        while (reaper != _outside && !reaper.IsSubreaper)
            reaper = reaper.Parent;
        if (reaper == _outside && Root.Pid == 1)
            reaper = Root;
        foreach (var child in p.Children)
        {
            child.Parent = reaper;
            reaper.Children.Add(child);
        }
        p.Children.Clear();
        p.Parent.Children.Remove(p);
    }

    /// <summary>The root first, parents before children.</summary>
    public List<Process> Tree()
    {
        var found = new List<Process>();
        var todo = new Stack<Process>([Root]);
        while (todo.TryPop(out var p))
        {
            found.Add(p);
            foreach (var child in p.Children)
                todo.Push(child);
        }
        return found;
    }
}
