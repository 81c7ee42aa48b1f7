using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansDL.Database;
using OrleansDL.Nodes;
using OrleansDL.Output;

namespace OrleansDL.Blobs;

/// <summary><c>odl admin blobs ...</c>: a sweep is the server's; the others read store and database themselves, beside a node or without one.</summary>
internal static class BlobCommands
{
    public static Command Create() => new("blobs", "Look after the blob store.") { Sweep(), Verify(), Copy(), Reindex() };

    private static Command Sweep()
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be removed." };
        return new Command("sweep", "Remove what nobody refers to and is older than the grace of 24 hours, now.") { dryRun }.Does(async (session, cancel) =>
        {
            var report = await session.Client.Blobs.SweepAsync(session.Get(dryRun), cancel);
            session.Screen.Show(report, r => session.Screen.Facts(
                ("stored before", Format.Time(r.StoredBefore)),
                ("leases that ran out", Format.Count(r.ExpiredLeases)),
                ("unfinished uploads", Size(r.Uploads)),
                ("files without a row", Format.Count(r.Orphans)),
                ("blobs nobody needs", Size(r.Blobs)),
                ("packed blobs nobody needs", Size(r.PackedBlobs)),
                ("packs that were mostly garbage", Size(r.Compacted)),
                ("empty packs", Size(r.Packs)),
                (r.DryRun ? "would free" : "freed", Format.Bytes(r.BytesFreed))));
        });
    }

    private static Command Verify()
    {
        var drop = new Option<bool>("--drop") { Description = "Forget damaged and missing blobs, so that the same bytes can be uploaded again." };
        return Direct("verify", "Read every blob and name those that are damaged or missing.", drop, async (admin, session, cancel) =>
        {
            var progress = new Progress<BlobVerification>(p => session.Screen.Progress($"{Format.Count(p.Blobs)} blobs, {Format.Bytes(p.Bytes)} read"));
            var found = await admin.VerifyAsync(session.Get(drop), progress, cancel);
            session.Screen.Show(found, f =>
            {
                session.Screen.Line($"{Format.Count(f.Blobs)} blobs, {Format.Bytes(f.Bytes)} read: {(f.Faults.Count == 0 ? "all whole" : $"{f.Faults.Count} cannot be read")}.");
                Faults(session, f.Faults);
            });
            return found.Faults.Count == 0 ? 0 : 1;
        });
    }

    private static Command Copy()
    {
        var to = new Option<string>("--to") { Description = "Where to: a folder, or s3://BUCKET/PREFIX.", Required = true };
        return Direct("copy", "Copy all blobs to another store, verified. Repeat it to go on; then start the nodes with --blobs LOCATION.", to, async (admin, session, cancel) =>
        {
            var progress = new Progress<BlobCopyReport>(p => session.Screen.Progress($"{Format.Count(p.Copied + p.Present)} of {Format.Count(p.Total)}, {Format.Bytes(p.Bytes)} copied"));
            var report = await admin.CopyAsync(session.Get(to)!, progress, cancel);
            session.Screen.Show(report, r =>
            {
                session.Screen.Line($"{Format.Count(r.Copied)} copied ({Format.Bytes(r.Bytes)}), {Format.Count(r.Present)} were there, {r.Faults.Count} cannot be read.");
                Faults(session, r.Faults);
            });
            return report.Faults.Count == 0 ? 0 : 1;
        });
    }

    private static Command Reindex() => Direct<bool>("reindex", "Give rows to blobs that lie in the store without one, after the database was restored.", null, async (admin, session, cancel) =>
    {
        var report = await admin.ReindexAsync(cancel);
        session.Screen.Show(report, r =>
        {
            session.Screen.Line($"{Format.Count(r.Blobs)} blobs and {Format.Count(r.Packs)} packs had no row and have one now; {r.Damaged.Count} packs have a damaged index.");
            foreach (var key in r.Damaged)
            {
                session.Screen.Line($"  {key}");
            }
        });
        return report.Damaged.Count == 0 ? 0 : 1;
    });

    private static Command Direct<T>(string name, string description, Option<T>? own, Func<BlobAdmin, Session, CancellationToken, Task<int>> act)
    {
        var command = new Command(name, description) { NodeCommands.Database, NodeCommands.Blobs };
        if (own is not null)
        {
            command.Add(own);
        }

        command.SetAction(async (parsed, cancel) =>
        {
            var node = NodeCommands.Read(parsed, server: false, worker: false, Environment.GetEnvironmentVariable);
            var settings = new BlobOptions();
            new ConfigurationBuilder().AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true).AddEnvironmentVariables().Build().GetSection("Blobs").Bind(settings);
            settings.Location = node.BlobLocation;

            // A node may be running: its cache is its own.
            var cache = Directory.CreateTempSubdirectory("odl-blobs-");
            settings.CacheDirectory = cache.FullName;
            settings.CacheBytes = 1L << 30;
            try
            {
                var file = Path.Combine(node.DirectoryOrDefault, "orleansdl.db");
                if (node.Database is null && !File.Exists(file))
                {
                    throw new NotFoundException($"There is no database in '{node.DirectoryOrDefault}'. Name the node's folder (--data) or its database (--database).");
                }

                await using var database = new Db(Options.Create(new DatabaseOptions { ConnectionString = node.Database, SqliteFile = file }));
                await new Schema(database, TimeProvider.System, NullLogger<Schema>.Instance).ApplyAsync(cancel);
                using var session = new Session(parsed);
                return await act(new BlobAdmin(database, TimeProvider.System, Options.Create(settings), NullLogger<BlobStore>.Instance), session, cancel);
            }
            finally
            {
                cache.Delete(recursive: true);
            }
        });
        return command;
    }

    private static void Faults(Session session, IReadOnlyList<BlobFault> faults)
    {
        foreach (var fault in faults)
        {
            session.Screen.Line(string.Create(CultureInfo.InvariantCulture, $"  {fault.Fault}  {fault.Blob}  needed by {(fault.Owners.Count == 0 ? "nobody" : string.Join(", ", fault.Owners))}"));
        }
    }

    private static string Size(SweptBlobs swept) => $"{Format.Count(swept.Count)} ({Format.Bytes(swept.Bytes)})";
}
