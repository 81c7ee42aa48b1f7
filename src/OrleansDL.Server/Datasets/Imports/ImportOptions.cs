using System.ComponentModel.DataAnnotations;
using OrleansDL.Blobs;

namespace OrleansDL.Datasets.Imports;

/// <summary>From where the server may fetch. Section <c>Datasets:Imports</c> of the configuration.</summary>
internal sealed class ImportOptions
{
    /// <summary>Hosts (<c>data.example.org</c>, or <c>*.example.org</c> for all below) and buckets (<c>s3://bucket</c>, or <c>s3://*</c>). Empty: nothing may be imported.</summary>
    public string[] AllowedHosts { get; set; } = [];

    /// <summary>Networks such as <c>10.1.0.0/16</c> that may be fetched from although they are private. Everything else that is not public is refused.</summary>
    public string[] AllowedNetworks { get; set; } = [];

    /// <summary>Whether <c>http://</c> may be fetched, whose bytes anyone on the way can change.</summary>
    public bool AllowPlainHttp { get; set; }

    /// <summary>Bytes of one import, all objects together.</summary>
    [Range(1, long.MaxValue)]
    public long MaximumBytes { get; set; } = 1L << 40;

    [Range(1, 100_000_000)]
    public int MaximumObjects { get; set; } = 5_000_000;

    /// <summary>Objects fetched at a time.</summary>
    [Range(1, 256)]
    public int Parallel { get; set; } = 8;

    /// <summary>How long a source may be silent before the connection counts as lost.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Silence { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How <c>s3://</c> sources are reached: endpoint, region, keys.</summary>
    public S3Options S3 { get; set; } = new();

    /// <summary>Whether buckets are read without signing, as public ones are.</summary>
    public bool S3Anonymous { get; set; }
}
