using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.AspNetCore.Http;
using OrleansDL.Database;

namespace OrleansDL.Http;

/// <summary>One id per Idempotency-Key: a repeated POST creates the same thing, and so creates it once.</summary>
internal sealed class Idempotency(Db database, TimeProvider time)
{
    private const string Header = "Idempotency-Key";

    /// <summary>The id the request's new thing has: a fresh one, or the one an earlier request with the same key was given.</summary>
    /// <exception cref="ConflictException">The key was used for another request.</exception>
    public async Task<Guid> IdAsync(HttpContext context, string project, object? request)
    {
        var fresh = Guid.CreateVersion7(time.GetUtcNow());
        var key = context.Request.Headers[Header].ToString();
        if (key.Length == 0)
        {
            return fresh;
        }

        if (key.Length > 128)
        {
            throw new InvalidException($"{Header} has {key.Length} characters; 128 are allowed.");
        }

        var digest = Convert.ToHexStringLower(SHA256.HashData(
            Encoding.UTF8.GetBytes(System.Text.Json.JsonSerializer.Serialize(request, OdlJson.Options))));
        var route = $"{context.Request.Method} {context.Request.Path}";
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "INSERT INTO idempotency_key (project, route, key, request_sha256, id, created_at) VALUES (@project, @route, @key, @digest, @id, @now) ON CONFLICT DO NOTHING",
            new { project, route, key, digest, id = fresh.ToString(), now = time.Now() });
        var (id, known) = await connection.QuerySingleAsync<(string Id, string Digest)>(
            "SELECT id, request_sha256 FROM idempotency_key WHERE project = @project AND route = @route AND key = @key", new { project, route, key });
        return known == digest
            ? Guid.Parse(id)
            : throw new ConflictException($"{Header} '{key}' was used for another request before. Use a new key for a new request.");
    }
}
