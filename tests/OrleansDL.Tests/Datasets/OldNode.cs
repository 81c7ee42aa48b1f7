using System.IO.Compression;

namespace OrleansDL.Tests.Datasets;

/// <summary>A node on a folder that a release from before there were branches, packs and sketches left: its database and its blobs.</summary>
public sealed class OldNode : DatasetNode
{
    protected override void Prepare(string folder) =>
        ZipFile.ExtractToDirectory(Path.Combine(AppContext.BaseDirectory, "Golden", "database", "before-branches.zip"), folder);
}
