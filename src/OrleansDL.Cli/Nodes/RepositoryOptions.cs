using System.CommandLine;
using System.Globalization;

namespace OrleansDL.Nodes;

/// <summary>Options of <c>odl up</c> and <c>odl server</c> that name a folder of models in Triton's layout.</summary>
internal static class RepositoryOptions
{
    private const string Section = "Serving:Repository:";

    private static readonly Option<string?> Folder = new("--model-repository") { Description = "Folder of models in Triton's layout (MODEL/config.pbtxt, MODEL/1/model.onnx) to serve." };
    private static readonly Option<string?> Mode = Choice();
    private static readonly Option<string[]> Load = new("--load-model") { Description = "Model to load at start in explicit mode; may be given several times, * for all.", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<bool?> Strict = new("--strict-readiness") { Description = "Ready only when every model loaded at start is. Default: true." };
    private static readonly Option<int?> Poll = new("--repository-poll-secs") { Description = "Seconds between looks at the folder in poll mode. Default: 15." };
    private static readonly Option<bool> Public = new("--model-repository-public") { Description = "Answer the inference protocol for the repository's project without a token, loading models included in explicit mode." };
    private static readonly Option<bool> OnDemand = new("--model-repository-on-demand") { Description = "Load each model once to see that it can be, and from then on with the requests for it." };

    public static Option[] All => [Folder, Mode, Load, Strict, Poll, Public, OnDemand];

    public static IReadOnlyDictionary<string, string?> Read(ParseResult parsed)
    {
        var settings = new Dictionary<string, string?>();
        if (parsed.GetValue(Folder) is not { } folder)
        {
            return settings;
        }

        settings[Section + "Directory"] = Path.GetFullPath(folder);
        foreach (var (index, model) in (parsed.GetValue(Load) ?? []).Index())
        {
            settings[string.Create(CultureInfo.InvariantCulture, $"{Section}Load:{index}")] = model;
        }

        if (parsed.GetValue(Mode) is { } mode)
        {
            settings[Section + "ControlMode"] = mode;
        }

        if (parsed.GetValue(Strict) is { } strict)
        {
            settings[Section + "StrictReadiness"] = strict.ToString();
        }

        if (parsed.GetValue(Poll) is { } seconds)
        {
            settings[Section + "PollInterval"] = TimeSpan.FromSeconds(seconds).ToString("c", CultureInfo.InvariantCulture);
        }

        if (parsed.GetValue(Public))
        {
            settings[Section + "Public"] = bool.TrueString;
        }

        if (parsed.GetValue(OnDemand))
        {
            settings[Section + "OnDemand"] = bool.TrueString;
        }

        return settings;
    }

    private static Option<string?> Choice()
    {
        var option = new Option<string?>("--model-control-mode") { Description = "none: load all models at start. poll: and again when files change. explicit: load what --load-model names, and what clients ask for." };
        option.AcceptOnlyFromAmong("none", "poll", "explicit");
        return option;
    }
}
