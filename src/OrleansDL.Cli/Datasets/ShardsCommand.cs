using System.CommandLine;

namespace OrleansDL.Datasets;

/// <summary><c>odl dataset shards</c></summary>
internal static class ShardsCommand
{
    public static Command Create()
    {
        var dataset = new Argument<string>("dataset") { Description = "Name or id of the dataset." };
        var folder = new Argument<string>("folder") { Description = "Where the shards go." };
        var version = new Option<string>("--version", "-v") { Description = "Which version: latest, a branch, a tag, v3, or sha256:...", DefaultValueFactory = _ => "latest" };
        return new Command("shards", "Fetch a version as MDS shards, as training reads it and Python's StreamingDataset can. Repeating goes on where it was.")
        {
            dataset, folder, version,
        }.Does(async (session, cancel) =>
        {
            var to = session.Get(folder);
            session.Screen.Show(
                await session.Client.Datasets.Shards.FetchAsync(session.Get(dataset), session.Get(version)!, to, cancellationToken: cancel),
                s => session.Screen.Line($"{s.Rows} rows in {s.Shards} shards ({s.Bytes} bytes) are in {to}."));
        });
    }
}
