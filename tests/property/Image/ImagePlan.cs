using System.Text;
using CrCore.Image;
using FsCheck;
using FsCheck.Fluent;

namespace CrProperty.Image;

/// <summary>A task of a plan. Its parent is found modulo the tasks before it, so that every list is a valid plan.</summary>
public sealed record PlanTask(int Parent, byte[] Comm, int Threads, uint? ExitCode, bool Stopped, int[] Payloads);

/// <summary>Pages of a plan: run lengths and gaps, for one of its objects.</summary>
public sealed record PlanBlock(int Object, int[] Runs, int Gap);

/// <summary>What a random image shall hold. Stays valid while it shrinks.</summary>
public sealed record ImagePlan(PlanTask[] Tasks, int[] Objects, PlanBlock[] Blocks, int[] Trailer, int Seed)
{
    public override string ToString()
    {
        var text = new StringBuilder($"seed {Seed}, objects [{string.Join(' ', Objects)}], trailer [{string.Join(' ', Trailer)}]\n");
        foreach (var t in Tasks)
            text.AppendLine($"  task of {t.Parent}, comm {Convert.ToHexString(t.Comm)}, {t.Threads} threads, exit {t.ExitCode}, stopped {t.Stopped}, payloads [{string.Join(' ', t.Payloads)}]");
        foreach (var b in Blocks)
            text.AppendLine($"  block of {b.Object}: runs [{string.Join(' ', b.Runs)}], gap {b.Gap}");
        return text.ToString();
    }
}

/// <summary>Generator and shrinker of plans.</summary>
public static class ImagePlans
{
    // Around one piece and around several: where continuations begin and end.
    private static readonly Gen<int> Size = Gen.OneOf(
        Gen.Choose(0, 200), Gen.Choose(32_750, 32_775), Gen.Choose(65_515, 65_545), Gen.Elements(3 * 32_767 - 8, 100_000));

    private static readonly Gen<uint?> Exit = Gen.Frequency(
        (3, Gen.Constant<uint?>(null)),
        (1, Gen.Choose(0, 255).Select(c => (uint?)(c << 8))),
        (1, Gen.Choose(1, 64).Select(s => (uint?)s)),
        (1, Gen.Choose(1, 64).Select(s => (uint?)(s | 0x80))));

    private static readonly Gen<PlanTask> Task =
        from parent in Gen.Choose(0, 1000)
        from length in Gen.Choose(0, 15)
        from comm in Gen.Choose(1, 255).Select(b => (byte)b).ArrayOf(length)
        from threads in Gen.Choose(1, 3)
        from exit in Exit
        from stopped in Gen.Elements(true, false)
        from payloads in Size.ArrayOf().Resize(3)
        select new PlanTask(parent, comm, threads, exit, stopped, payloads);

    private static readonly Gen<PlanBlock> Block =
        from which in Gen.Choose(0, 100)
        from count in Gen.Choose(1, 4)
        from runs in Gen.Choose(1, 5).ArrayOf(count)
        from gap in Gen.Choose(0, 3)
        select new PlanBlock(which, runs, gap);

    public static readonly Gen<ImagePlan> Plan =
        from n in Gen.Choose(1, 12)
        from tasks in Task.ArrayOf(n)
        from objects in Size.ArrayOf().Resize(3)
        from blocks in Block.ArrayOf().Resize(6)
        from trailer in Size.ArrayOf().Resize(2)
        from seed in Gen.Choose(0, int.MaxValue)
        select new ImagePlan(tasks, objects, blocks, trailer, seed);

    public static Arbitrary<ImagePlan> Arbitrary() => Arb.From(Plan, Shrink);

    private static IEnumerable<ImagePlan> Shrink(ImagePlan p)
    {
        for (var i = 0; i < p.Blocks.Length; i++)
            yield return p with { Blocks = Without(p.Blocks, i) };
        for (var i = 1; i < p.Tasks.Length; i++)
            yield return p with { Tasks = Without(p.Tasks, i) };
        for (var i = 0; i < p.Objects.Length; i++)
            yield return p with { Objects = Without(p.Objects, i) };
        for (var i = 0; i < p.Trailer.Length; i++)
            yield return p with { Trailer = Without(p.Trailer, i) };
        for (var i = 0; i < p.Tasks.Length; i++)
        {
            var t = p.Tasks[i];
            if (t.Payloads.Length > 0)
                yield return p with { Tasks = With(p.Tasks, i, t with { Payloads = t.Payloads[1..] }) };
            if (t.Threads > 1)
                yield return p with { Tasks = With(p.Tasks, i, t with { Threads = 1 }) };
            if (t.Comm.Length > 0)
                yield return p with { Tasks = With(p.Tasks, i, t with { Comm = [] }) };
        }
    }

    private static T[] Without<T>(T[] items, int i) => [.. items[..i], .. items[(i + 1)..]];

    private static T[] With<T>(T[] items, int i, T item) => [.. items[..i], item, .. items[(i + 1)..]];
}
