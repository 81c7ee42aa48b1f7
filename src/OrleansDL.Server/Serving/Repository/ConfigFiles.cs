namespace OrleansDL.Serving.Repository;

/// <summary>Files beside a model's versions that its configuration names: they become files of every version's artifact, whose names are no paths.</summary>
internal static class ConfigFiles
{
    public const string InitialStates = "initial_state";
    public const string WarmUps = "warmup";

    /// <summary>The folders they lie in.</summary>
    public static IReadOnlyList<string> Folders { get; } = [InitialStates, WarmUps];

    /// <summary>The artifact's name of a file.</summary>
    public static string NameOf(string folder, string file) => $"{folder}.{file}";

    /// <exception cref="InvalidException">The configuration names a file that is not there.</exception>
    public static IReadOnlyList<FolderFile> Of(FolderModel model)
    {
        var states = model.Config.SequenceBatching?.State.SelectMany(state => state.InitialState).Select(state => (InitialStates, state.DataFile)) ?? [];
        var warmUps = model.Config.ModelWarmup.SelectMany(warmUp => warmUp.Inputs.Values).Select(input => (WarmUps, input.InputDataFile));
        return [.. states.Concat(warmUps).Where(named => named.Item2.Length > 0).Distinct().Select(named =>
            model.Shared.FirstOrDefault(file => file.Name == NameOf(named.Item1, named.Item2))
            ?? throw new InvalidException($"the configuration names the file '{named.Item1}/{named.Item2}', which does not lie beside the model's versions"))];
    }
}
