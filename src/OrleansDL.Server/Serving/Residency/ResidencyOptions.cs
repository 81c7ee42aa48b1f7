using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Serving.Residency;

/// <summary>How requests wait for models that are loaded for them, section <c>Serving</c>.</summary>
internal sealed class ResidencyOptions
{
    public const string Section = "Serving";

    /// <summary>Requests of one server that wait at most; more are refused at once.</summary>
    [Range(1, 1_000_000)]
    public int MaximumHeld { get; set; } = 10_000;

    /// <summary>Of those the ones for the same model.</summary>
    [Range(1, 1_000_000)]
    public int MaximumHeldPerModel { get; set; } = 1000;

    /// <summary>How long a request waits at most.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan MaximumHold { get; set; } = TimeSpan.FromSeconds(20);
}
