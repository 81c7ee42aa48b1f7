using static OrleansDL.Training.SpecCheck;

namespace OrleansDL.Training;

/// <summary>What the start of a run from weights must keep to before any file is seen.</summary>
internal static class InitializeSpecRules
{
    private const int GreatestPrefixes = 1000;

    public static void Check(TrainingSpec spec)
    {
        if (spec.Initialize is not { } initialize)
        {
            return;
        }

        Require(spec.Program is TrainingProgram.Train, $"initialize belongs to program 'train', not to '{spec.Program}'. Take it out.");
        Require(
            string.IsNullOrWhiteSpace(initialize.Model) != string.IsNullOrWhiteSpace(initialize.Dataset),
            "initialize needs one source: initialize.model, for example 'digits@3', or initialize.dataset and initialize.file.");
        Require(initialize.Dataset is null || !string.IsNullOrWhiteSpace(initialize.File), "initialize.file is missing. Name the safetensors file in initialize.dataset.");
        Require(initialize.Dataset is not null || initialize.File is null, "initialize.file belongs to initialize.dataset. Take it out.");
        Require(initialize.Freeze is null or { Count: > 0 and <= GreatestPrefixes }, $"initialize.freeze names {initialize.Freeze?.Count} prefixes. Give 1 to {GreatestPrefixes}, or leave it out.");
        foreach (var (index, prefix) in (initialize.Freeze ?? []).Index())
        {
            Require(!string.IsNullOrEmpty(prefix), $"initialize.freeze[{index}] is empty: it would freeze everything. Name what parameters' names begin with.");
        }

        Require(initialize.Prefixes is null or { Count: > 0 and <= GreatestPrefixes }, $"initialize.prefixes has {initialize.Prefixes?.Count} entries. Give 1 to {GreatestPrefixes}, or leave it out.");
        foreach (var (from, to) in initialize.Prefixes ?? new Dictionary<string, string>())
        {
            Require(to is not null, $"initialize.prefixes.{from} is null. Give \"\" to take the prefix away.");
        }
    }
}
