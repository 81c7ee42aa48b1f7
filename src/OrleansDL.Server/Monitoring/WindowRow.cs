using System.Text.Json;
using OrleansDL.Database;
using OrleansDL.Telemetry;

namespace OrleansDL.Monitoring;

/// <summary>A stored window of one node. Its form is a promise: rows of every earlier version are read for ever.</summary>
internal sealed class WindowRow
{
    public string Deployment { get; set; } = "";
    public long WindowStart { get; set; }
    public long Generation { get; set; }
    public string Node { get; set; } = "";
    public string Project { get; set; } = "";
    public string Model { get; set; } = "";
    public long ModelVersion { get; set; }
    public long Requests { get; set; }
    public long Errors { get; set; }

    /// <summary>JSON object: HTTP status to count.</summary>
    public string Statuses { get; set; } = "{}";

    /// <summary>JSON object: label to count.</summary>
    public string Labels { get; set; } = "{}";

    /// <summary>Sketch of seconds.</summary>
    public byte[] Latency { get; set; } = [];

    /// <summary>Sketch of the answered labels' probabilities.</summary>
    public byte[] Confidence { get; set; } = [];

    /// <summary>Tokens added to texts.</summary>
    public long Tokens { get; set; }

    /// <summary>Sketch of the seconds to a text's first token; null: no text was continued.</summary>
    public byte[]? FirstToken { get; set; }

    /// <summary>Sketch of a text's tokens a second after the first; null: no text was continued.</summary>
    public byte[]? TokenRate { get; set; }

    public long ShadowCompared { get; set; }
    public long ShadowAgreed { get; set; }
    public long ShadowFailed { get; set; }
    public long ShadowDropped { get; set; }

    /// <summary>Sketch of the seconds of a shadow's answers; null: it was none.</summary>
    public byte[]? ShadowLatency { get; set; }

    /// <summary>Sketch of the differences of a shadow's numbers; null: it was none.</summary>
    public byte[]? ShadowDifference { get; set; }

    public static WindowRow Of(NodeWindow window, string node) => new()
    {
        Deployment = window.Series.Deployment.ToString(),
        WindowStart = Micros.From(window.Start),
        Generation = window.Series.Generation,
        Node = node,
        Project = window.Series.Project,
        Model = window.Series.Model,
        ModelVersion = window.Series.ModelVersion,
        Requests = window.Requests,
        Errors = window.Errors,
        Statuses = JsonSerializer.Serialize(window.Statuses.OrderBy(pair => pair.Key).ToDictionary(), OdlJson.Options),
        Labels = JsonSerializer.Serialize(window.Labels.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(), OdlJson.Options),
        Latency = window.Latency.ToBytes(),
        Confidence = window.Confidence.ToBytes(),
        Tokens = window.Tokens,
        FirstToken = window.FirstToken.Count == 0 ? null : window.FirstToken.ToBytes(),
        TokenRate = window.TokenRate.Count == 0 ? null : window.TokenRate.ToBytes(),
        ShadowCompared = window.Shadow?.Compared ?? 0,
        ShadowAgreed = window.Shadow?.Agreed ?? 0,
        ShadowFailed = window.Shadow?.Failed ?? 0,
        ShadowDropped = window.Shadow?.Dropped ?? 0,
        ShadowLatency = window.Shadow?.Latency.ToBytes(),
        ShadowDifference = window.Shadow?.Difference.ToBytes(),
    };
}
