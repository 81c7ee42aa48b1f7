using System.Collections.Concurrent;
using System.Text;
using OrleansDL.Datasets;

namespace OrleansDL.Tests.Training;

/// <summary>Datasets without their component: what a run sees of them.</summary>
internal static class TestDatasets
{
    public static ConcurrentDictionary<string, (DatasetVersion Version, DatasetEntry File)> Tables { get; } = new();

    public static async Task<string> AddTableAsync(TrainingNode node, string name, string csv)
    {
        var blob = await node.Blobs.PutAsync(Encoding.UTF8.GetBytes(csv));
        var lines = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var file = new DatasetEntry { Path = "data.csv", Blob = blob.Blob, Bytes = blob.Bytes, Rows = lines.Length - 1, Format = "csv", Header = true };
        var id = Guid.NewGuid();
        var version = new DatasetVersion
        {
            Dataset = id,
            DatasetName = name,
            Version = 1,
            Commit = blob.Blob,
            Content = blob.Blob,
            Message = "",
            Tags = [],
            Rows = file.Rows,
            Bytes = file.Bytes,
            Files = 1,
            Schema = [.. lines[0].Split(',').Select(column => new Column
            {
                Name = column,
                Type = column == "label" ? ColumnType.String : ColumnType.Float64,
            })],
            Sources = [],
            CommittedAt = DateTimeOffset.UnixEpoch,
            RowsAdded = file.Rows,
            Kind = DatasetKind.Table,
        };
        Tables[name] = (version, file);
        Tables[id.ToString()] = (version, file);
        return name;
    }
}
