using OrleansDL.UserCode;
using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What the part of a spec about user code must keep to.</summary>
internal static class CodeSpecRules
{
    private const int MaximumVariables = 256;
    private const int MaximumVariable = 32 * 1024;
    private static readonly string[] Data = ["files", "shards"];

    /// <exception cref="InvalidException">The message begins with the JSON path of what is wrong.</exception>
    public static void Check(TrainingSpec spec)
    {
        if (spec.Program is not TrainingProgram.Code)
        {
            Require(spec.Code is null, "code belongs to program 'code'. Set program to 'code', or take it out.");
            return;
        }

        var code = spec.Code ?? throw new InvalidException("code is missing. program 'code' needs it, for example {\"reference\": \"mine@1\", \"command\": [\"python3\", \"train.py\"]}.");
        Require(spec.Network is null, "network does not belong to program 'code': your program makes its own. Take it out.");
        Require(spec.Initialize is null, "initialize does not belong to program 'code': your program sets its own weights. Take it out.");
        Require(spec.Model is null, "model belongs to program 'evaluate'. Take it out.");
        if (spec.RegisterAs is not null)
        {
            Names.Check(spec.RegisterAs, "model");
        }

        Require(!string.IsNullOrWhiteSpace(code.Reference), "code.reference is missing. Name the code, for example 'mine@1'. 'odl code list' lists what there is.");
        CheckCommand(code);
        CheckVariables(code);
        CheckLimits(code.Limits ?? new CodeLimits());
        Range("code.graceSeconds", code.GraceSeconds, 0, 600);
        OneOf("code.data", code.Data, Data, "Kinds of data");
    }

    private static void CheckCommand(CodeSpec code)
    {
        Require(
            code.Command is null != code.Assembly is null,
            "code needs either command (a program and its arguments) or assembly (a .NET plug-in), and not both.");
        if (code.Command is { } command)
        {
            Range("code.command.length", command.Count, 1, 256);
            Require(command[0].Length > 0, "code.command[0] is empty. It names the program, for example 'python3' or './train.sh'.");
            Require(command.All(part => part is not null && !part.Contains('\0')), "code.command holds a zero character. Take it out.");
            Require(command.Sum(part => part.Length) <= MaximumVariable, $"code.command has more than {MaximumVariable} characters. Put what is long into a file of the code.");
        }

        Require(
            code.Assembly is null || (code.Assembly.EndsWith(".dll", StringComparison.Ordinal) && CodePath.IsValid(code.Assembly)),
            $"code.assembly '{code.Assembly}' is no path of a .dll in the code. Give one such as 'MyTrainer.dll'.");
    }

    private static void CheckVariables(CodeSpec code)
    {
        var environment = code.Environment ?? new Dictionary<string, string>();
        Range("code.environment.length", environment.Count, 0, MaximumVariables);
        Range("code.secrets.length", code.Secrets?.Count ?? 0, 0, MaximumVariables);
        var both = code.Secrets?.FirstOrDefault(name => name is not null && environment.ContainsKey(name));
        Require(both is null, $"code.environment and code.secrets both have the name '{both}'. Take one out.");
        foreach (var name in environment.Keys.Concat(code.Secrets ?? []))
        {
            Require(
                VariableName.IsValid(name),
                $"code.environment or code.secrets has the name '{name}'. {VariableName.Rule}");
        }

        foreach (var (name, value) in environment)
        {
            Require(
                value is not null && value.Length <= MaximumVariable && !value.Contains('\0'),
                $"code.environment.{name} has more than {MaximumVariable} characters or a zero character. Put what is long into a file of the code.");
        }
    }

    private static void CheckLimits(CodeLimits limits)
    {
        Range("code.limits.memoryBytes", limits.MemoryBytes, 16L << 20, 16L << 40);
        Range("code.limits.processes", limits.Processes, 4, 65_536);
        Range("code.limits.files", limits.Files, 16, 65_536);
        Range("code.limits.diskBytes", limits.DiskBytes, 1L << 20, 16L << 40);
        Range("code.limits.cpus", limits.Cpus, 0.1, 1024);
    }
}
