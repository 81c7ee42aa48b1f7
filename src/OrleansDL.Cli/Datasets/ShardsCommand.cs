using System.CommandLine;

namespace OrleansDL.Datasets;

/// <summary><c>odl dataset shards</c></summary>
internal static class ShardsCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("folder") { Description = "Where the shards go." };
        return new Command("shards", "Fetch a version as MDS shards, as training reads it and Python's StreamingDataset can. Repeating goes on where it was.")
        {
            VersionArgument.Dataset, folder, VersionArgument.Version,
        }.Does(async (session, cancel) =>
        {
            var (dataset, version) = VersionArgument.Of(session);
            var to = session.Get(folder);
            session.Screen.Show(
                await session.Client.Datasets.Shards.FetchAsync(dataset, version, to, cancellationToken: cancel),
                s => session.Screen.Line($"{s.Rows} rows in {s.Shards} shards ({s.Bytes} bytes) are in {to}."));
        });
    }
}
