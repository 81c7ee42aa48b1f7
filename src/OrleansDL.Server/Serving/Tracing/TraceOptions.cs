using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Serving.Tracing;

/// <summary>How requests are traced until someone changes it over the protocol, section <c>Serving:Trace</c>.</summary>
internal sealed class TraceOptions
{
    public const string Section = "Serving:Trace";

    /// <summary><c>OFF</c>, <c>TIMESTAMPS</c> and <c>TENSORS</c>; none: off.</summary>
    public IList<string> Level { get; set; } = [];

    /// <summary>One of so many requests is traced.</summary>
    [Range(1, int.MaxValue)]
    public int Rate { get; set; } = 1000;

    /// <summary>Traces to make; -1: any number.</summary>
    [Range(-1, int.MaxValue)]
    public int Count { get; set; } = -1;

    /// <summary>Traces of one file, whose name gets a number then; 0: all go into one.</summary>
    [Range(0, int.MaxValue)]
    public int LogFrequency { get; set; }

    /// <summary>The file; empty: none is written.</summary>
    public string File { get; set; } = "";

    [AllowedValues("triton", "opentelemetry")]
    public string Mode { get; set; } = "triton";
}
