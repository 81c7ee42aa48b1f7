using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using OrleansDL.Database;
using OrleansDL.Identity;

namespace OrleansDL.Access;

/// <summary>Access tokens: 256 random bits, stored as SHA-256, checked from a cache that a revocation reaches within a second.</summary>
/// <remarks>A cached answer is renewed in the background from half a second on and never used after one: a hot token costs no wait.</remarks>
public sealed class TokenStore(Db database, TimeProvider time)
{
    private const string Columns = "id AS Id, title AS Title, role AS Role, project AS Project, created_at AS CreatedAt, expires_at AS ExpiresAt, revoked_at AS RevokedAt, rate_per_second AS RatePerSecond, rate_burst AS RateBurst";
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Usable = TimeSpan.FromSeconds(1);
    private const int CacheLimit = 10_000;
    private readonly ConcurrentDictionary<string, Entry> _cache = new();

    public async Task<NewToken> CreateAsync(TokenSpec spec)
    {
        if (string.IsNullOrWhiteSpace(spec.Title) || spec.Title.Length > 256)
        {
            throw new InvalidException("A token needs a title of 1 to 256 characters that says what it is for.");
        }

        if (!Enum.IsDefined(spec.Role))
        {
            throw new InvalidException($"There is no role '{spec.Role}'. Roles: viewer, developer, operator, admin.");
        }

        if (spec.ExpiresInSeconds is { } seconds && !(seconds > 0 && seconds <= 10L * 366 * 86400))
        {
            throw new InvalidException("expiresInSeconds is more than 0 and at most ten years; leave it out for a token that does not expire.");
        }

        RateLimit.Check(spec.RateLimit);
        var secret = Credentials.TokenPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var now = time.GetUtcNow();
        var token = new Token
        {
            Id = Guid.CreateVersion7(now),
            Title = spec.Title,
            Role = spec.Role,
            Project = spec.Project,
            CreatedAt = now,
            ExpiresAt = spec.ExpiresInSeconds is { } lifetime ? now.AddSeconds(lifetime) : null,
            RateLimit = spec.RateLimit,
        };
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "INSERT INTO token (id, sha256, title, role, project, created_at, expires_at, rate_per_second, rate_burst) VALUES (@id, @sha256, @Title, @role, @Project, @createdAt, @expiresAt, @perSecond, @burst)",
            new { id = token.Id.ToString(), sha256 = Hash(secret), token.Title, role = (int)token.Role, token.Project, createdAt = Micros.From(token.CreatedAt), expiresAt = Micros.From(token.ExpiresAt), perSecond = token.RateLimit?.PerSecond, burst = token.RateLimit?.Burst });
        return new NewToken { Token = token, Secret = secret };
    }

    public async Task<bool> AnyAsync()
    {
        await using var connection = await database.OpenAsync();
        return await connection.ExecuteScalarAsync<long>("SELECT COUNT(*) FROM token WHERE revoked_at IS NULL AND role = @admin", new { admin = (int)Role.Admin }) > 0;
    }

    public async Task<Page<Token>> ListAsync(PageRequest page)
    {
        var after = PageTokens.Decode(page.Token)?[0] ?? "";
        var size = page.CheckedSize();
        await using var connection = await database.OpenAsync();
        var rows = await connection.QueryAsync<Row>(
            $"SELECT {Columns} FROM token WHERE id > @after ORDER BY id LIMIT @limit", new { after, limit = size + 1 });
        return rows.Select(row => row.ToToken()).ToList().ToPage(page, token => [token.Id.ToString()]);
    }

    public async Task<Token> RevokeAsync(Guid id)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync(
            "UPDATE token SET revoked_at = @now WHERE id = @id AND revoked_at IS NULL", new { id = id.ToString(), now = time.Now() });
        _cache.Clear();
        var row = await connection.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM token WHERE id = @id", new { id = id.ToString() });
        return row?.ToToken() ?? throw new NotFoundException($"There is no token {id}. GET /v1/tokens lists them.");
    }

    /// <summary>Who holds this secret.</summary>
    /// <exception cref="UnauthorizedException">The token is missing, unknown, expired or revoked.</exception>
    public ValueTask<Caller> CheckAsync(string? secret)
    {
        if (string.IsNullOrEmpty(secret))
        {
            throw new UnauthorizedException("This call needs a token. Send 'Authorization: Bearer odl_...'; the first one is in admin.token in the node's data folder.");
        }

        if (_cache.TryGetValue(secret, out var entry))
        {
            var age = time.GetElapsedTime(entry.ReadAt);
            if (age < Usable)
            {
                if (age >= Fresh && entry.TryRenew())
                {
                    _ = RenewAsync(secret);
                }

                return ValueTask.FromResult(Judge(entry));
            }
        }

        return ReadAsync(secret);
    }

    private async Task RenewAsync(string secret)
    {
        try
        {
            await LoadAsync(secret);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or OperationCanceledException)
        {
            // The entry runs out, and the next caller meets the error.
            _cache.TryRemove(secret, out _);
        }
    }

    private async ValueTask<Caller> ReadAsync(string secret) => Judge(await LoadAsync(secret));

    private async Task<Entry?> LoadAsync(string secret)
    {
        var readAt = time.GetTimestamp();
        await using var connection = await database.OpenAsync();
        var row = await connection.QuerySingleOrDefaultAsync<Row>($"SELECT {Columns} FROM token WHERE sha256 = @sha256", new { sha256 = Hash(secret) });
        var entry = row is null ? null : new Entry(row.ToToken(), readAt);
        if (_cache.Count >= CacheLimit)
        {
            _cache.Clear();
        }

        // Unknown secrets are not kept: a flood of guesses must not fill the cache.
        if (entry is not null)
        {
            _cache[secret] = entry;
        }

        return entry;
    }

    private Caller Judge(Entry? entry)
    {
        if (entry?.Token is not { } token)
        {
            throw new UnauthorizedException("The token is unknown. Ask an administrator for one (odl token create).");
        }

        if (token.RevokedAt is not null)
        {
            throw new UnauthorizedException($"The token '{token.Title}' was revoked. Ask an administrator for a new one.");
        }

        return token.ExpiresAt is { } expiry && expiry <= time.GetUtcNow()
            ? throw new UnauthorizedException($"The token '{token.Title}' expired at {expiry:O}. Ask an administrator for a new one.")
            : entry.Caller;
    }

    private static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private sealed class Entry(Token token, long readAt)
    {
        private int _renewing;

        public Token Token => token;

        public Caller Caller { get; } = new(token.Id, token.Title, token.Role, token.Project, token.RateLimit);

        public long ReadAt => readAt;

        public bool TryRenew() => Interlocked.Exchange(ref _renewing, 1) == 0;
    }

    private sealed class Row
    {
        public string Id { get; set; } = "";
        public string Title { get; set; } = "";
        public int Role { get; set; }
        public string? Project { get; set; }
        public long CreatedAt { get; set; }
        public long? ExpiresAt { get; set; }
        public long? RevokedAt { get; set; }
        public double? RatePerSecond { get; set; }
        public int? RateBurst { get; set; }

        public Token ToToken() => new()
        {
            Id = Guid.Parse(Id),
            Title = Title,
            Role = (Role)Role,
            Project = Project,
            CreatedAt = Micros.ToTime(CreatedAt),
            ExpiresAt = Micros.ToTime(ExpiresAt),
            RevokedAt = Micros.ToTime(RevokedAt),
            RateLimit = RatePerSecond is { } perSecond ? new RateLimit { PerSecond = perSecond, Burst = RateBurst ?? 0 } : null,
        };
    }
}
