using CrFuzz;
using CrFuzzTarget;
using SharpFuzz;

// The reader as a target of coverage-guided fuzzers: README.md tells how to instrument and run it.
string? forge = null, file = null;
var libFuzzer = false;
for (var i = 0; i < args.Length; i++)
    switch (args[i])
    {
        case "--forge" when i + 1 < args.Length:
            forge = args[++i];
            break;
        case "--libfuzzer":
            libFuzzer = true;
            break;
        case var path when !path.StartsWith('-') && file is null:
            file = path;
            break;
        default:
            Console.Error.WriteLine("usage: CrFuzzTarget [--forge IMAGE] [--libfuzzer | FILE]   without a FILE the input is read from standard input");
            return 2;
    }

var scratch = Path.Combine(Path.GetTempPath(), $"crfuzz-{Environment.ProcessId}.cr");
var trial = new ImageTrial(scratch);
ForgedEdits? edits = null;
try
{
    if (file is not null)
        Fuzzer.Run((Stream _) => Try(File.ReadAllBytes(file)));
    else if (libFuzzer)
        Fuzzer.LibFuzzer.Run(input => Try(input.ToArray()));
    else
        Fuzzer.Run((Stream input) =>
        {
            using var copy = new MemoryStream();
            input.CopyTo(copy);
            Try(copy.ToArray());
        });
}
finally
{
    File.Delete(scratch);
}
return 0;

// A problem is an exception that nobody catches: what fuzzers take for a crash.
void Try(byte[] input)
{
    // Not before: instrumented code needs the counters that Fuzzer sets up, fuzzing or not.
    if (forge is not null)
        edits ??= new ForgedEdits(File.ReadAllBytes(forge));
    var outcome = trial.Run(edits is null ? input : edits.Apply(input));
    if (outcome.Problem != TrialProblem.None)
        throw new InvalidOperationException($"{outcome.Problem}: {outcome.Details}");
}
