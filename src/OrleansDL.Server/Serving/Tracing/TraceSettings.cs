using System.Globalization;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Tracing;

/// <summary>How requests are traced: a server's settings, or what a model has of its own over them.</summary>
/// <param name="Values">Texts by the setting's name in the protocol; a model has only its own.</param>
internal sealed record TraceSettings(IReadOnlyDictionary<string, IReadOnlyList<string>> Values)
{
    public const string Level = "trace_level";
    public const string Rate = "trace_rate";
    public const string Count = "trace_count";
    public const string LogFrequency = "log_frequency";
    public const string File = "trace_file";
    public const string Mode = "trace_mode";

    /// <summary>In the order in which they are told.</summary>
    public static IReadOnlyList<string> Names { get; } = [Level, Rate, Count, LogFrequency, File, Mode];

    public static TraceSettings None { get; } = new(new Dictionary<string, IReadOnlyList<string>>());

    public TraceLevels Levels => Values[Level].Aggregate(TraceLevels.Off, (levels, name) => levels | LevelOf(name));

    public string Path => Values[File][0];

    public TraceMode Kind => Values[Mode][0] is "opentelemetry" ? TraceMode.OpenTelemetry : TraceMode.Triton;

    /// <summary>Whether a trace would go anywhere.</summary>
    public bool IsOn => Levels is not TraceLevels.Off && (Kind is TraceMode.OpenTelemetry || Path.Length > 0);

    public int Number(string name) => int.Parse(Values[name][0], CultureInfo.InvariantCulture);

    /// <exception cref="ArgumentException">The levels are no levels.</exception>
    public static TraceSettings Of(TraceOptions options)
    {
        foreach (var level in options.Level)
        {
            if (!IsLevel(level))
            {
                throw new ArgumentException($"Serving:Trace:Level has '{level}'. Levels: OFF, TIMESTAMPS, TENSORS.");
            }
        }

        return new TraceSettings(new Dictionary<string, IReadOnlyList<string>>
        {
            [Level] = options.Level.Count == 0 ? ["OFF"] : [.. options.Level],
            [Rate] = [Text(options.Rate)],
            [Count] = [Text(options.Count)],
            [LogFrequency] = [Text(options.LogFrequency)],
            [File] = [options.File],
            [Mode] = [options.Mode],
        });
    }

    /// <summary>These, and where they say nothing what <paramref name="below"/> says.</summary>
    public TraceSettings Over(TraceSettings below) =>
        new(Names.ToDictionary(name => name, name => Values.TryGetValue(name, out var own) ? own : below.Values[name]));

    /// <param name="changes">New values by name; without a value it is given back to what lies below.</param>
    /// <exception cref="InferenceProtocolException">A setting is unknown, cannot be changed, or the value is none of its.</exception>
    public TraceSettings With(IReadOnlyDictionary<string, IReadOnlyList<string>> changes)
    {
        var values = new Dictionary<string, IReadOnlyList<string>>(Values);
        foreach (var (name, value) in changes)
        {
            if (value.Count == 0)
            {
                _ = Names.Contains(name) ? values.Remove(name) : throw Unknown(name);
            }
            else
            {
                Check(name, value);
                values[name] = value;
            }
        }

        return new TraceSettings(values);
    }

    private static void Check(string name, IReadOnlyList<string> value)
    {
        switch (name)
        {
            case File:
                throw InferenceProtocolException.Unsupported("trace file location can not be updated through network protocol");
            case Mode:
                throw InferenceProtocolException.Unsupported("trace mode can not be updated through network protocol");
            case Level when !value.All(IsLevel):
                throw InferenceProtocolException.Invalid($"Unable to parse '{name}': unknown level '{value.First(level => !IsLevel(level))}', expected OFF, TIMESTAMPS or TENSORS");
            case Level when value.Contains("OFF") && value.Count > 1:
                throw InferenceProtocolException.Invalid($"Expect only one trace level 'OFF' is specified for '{name}'");
            case Level:
                return;
            case Rate or Count or LogFrequency:
                CheckNumber(name, value);
                return;
            default:
                throw Unknown(name);
        }
    }

    private static void CheckNumber(string name, IReadOnlyList<string> value)
    {
        var least = name switch { Rate => 1, Count => -1, _ => 0 };
        if (value.Count > 1)
        {
            throw InferenceProtocolException.Invalid($"Unable to parse '{name}': expect one value, got {value.Count}");
        }

        if (!int.TryParse(value[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number < least)
        {
            throw InferenceProtocolException.Invalid($"Unable to parse '{name}', got: {value[0]}, expected an integer from {least} on");
        }
    }

    private static InferenceProtocolException Unknown(string name) =>
        InferenceProtocolException.Invalid($"unknown trace setting '{name}'. Settings: {string.Join(", ", Names)}");

    private static bool IsLevel(string name) => name is "OFF" or "TIMESTAMPS" or "TENSORS";

    private static TraceLevels LevelOf(string name) => name switch
    {
        "TIMESTAMPS" => TraceLevels.Timestamps,
        "TENSORS" => TraceLevels.Tensors,
        _ => TraceLevels.Off,
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
