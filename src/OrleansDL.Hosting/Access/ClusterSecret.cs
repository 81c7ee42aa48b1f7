using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using OrleansDL.Database;

namespace OrleansDL.Access;

/// <summary>256 random bits in the database, known to the cluster's own processes and to nobody else.</summary>
internal sealed class ClusterSecret(Db database)
{
    private string? _secret;
    private byte[] _bytes = [];

    public async ValueTask<string> GetAsync()
    {
        if (_secret is { } known)
        {
            return known;
        }

        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "INSERT INTO cluster_secret (id, secret) VALUES (1, @fresh) ON CONFLICT DO NOTHING",
            new { fresh = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)) });
        var secret = await connection.QuerySingleAsync<string>("SELECT secret FROM cluster_secret WHERE id = 1");
        _bytes = Encoding.UTF8.GetBytes(secret);
        return _secret = secret;
    }

    public async ValueTask<bool> IsAsync(string? claimed)
    {
        if (claimed is null)
        {
            return false;
        }

        await GetAsync();
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(claimed), _bytes);
    }
}
