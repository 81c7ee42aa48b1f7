using System.Data.Common;
using Dapper;

namespace OrleansDL.Tests.Hosting;

public sealed class DbTests : IDisposable
{
    private const int Normal = 1;
    private const int Full = 2;
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-test-").FullName;

    [Fact]
    public async Task A_connection_that_leaves_syncing_to_the_next_commit_leaves_none_like_it_behind()
    {
        await using var database = ServerNode.NewDatabase(_folder);
        await using (var relaxed = await database.OpenRelaxedAsync())
        {
            Assert.Equal(Normal, await SyncOf(relaxed));
        }

        // It may well be the same one, out of the pool.
        await using var connection = await database.OpenAsync();
        Assert.Equal(Full, await SyncOf(connection));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Task<int> SyncOf(DbConnection connection) => connection.ExecuteScalarAsync<int>("PRAGMA synchronous");
}
