using System.ComponentModel.DataAnnotations;

namespace OrleansDL.Serving.Repository;

/// <summary>A folder of models in Triton's layout that this server takes over, section <c>Serving:Repository</c>.</summary>
internal sealed class RepositoryOptions
{
    public const string Section = "Serving:Repository";

    /// <summary>The folder; null: there is none.</summary>
    public string? Directory { get; set; }

    public ModelControlMode ControlMode { get; set; } = ModelControlMode.None;

    /// <summary>Models loaded at start in explicit mode; <c>*</c> for all.</summary>
    public IList<string> Load { get; set; } = [];

    /// <summary>How often the folder is looked at in poll mode.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Project whose registry and deployments the models become.</summary>
    [Required]
    public string Project { get; set; } = Projects.Project.Default;

    /// <summary>Whether the project answers the inference protocol without a token on this server: inference, and in explicit mode loading too.</summary>
    public bool Public { get; set; }

    /// <summary>Whether the folder's models run in processes of their own. What a client sends with a load request always does.</summary>
    public bool Isolated { get; set; }

    /// <summary>Whether the server is ready only when every model loaded at start is; otherwise when loading them is over.</summary>
    public bool StrictReadiness { get; set; } = true;

    /// <summary>Whether models without sequences are loaded by the requests for them, once they were found to load.</summary>
    public bool OnDemand { get; set; }

    /// <summary>Rows of one execution for a model that can run requests together and whose configuration gives no number; 0: none.</summary>
    [Range(0, 1024)]
    public int DefaultMaximumBatchSize { get; set; } = 4;

    /// <summary>Bytes of answers kept for each model whose configuration has <c>response_cache { enable: true }</c>.</summary>
    [Range(1024, 1L << 40)]
    public long ResponseCacheBytes { get; set; } = 64L << 20;
}
