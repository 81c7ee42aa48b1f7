using System.Data;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Npgsql;

namespace OrleansDL.Database;

/// <summary>The platform's one database: a SQLite file (embedded) or PostgreSQL (cluster).</summary>
public sealed class Db : IAsyncDisposable
{
    // Pages of the indexes that a bulk writer changes stay in memory for the next one: 32 MiB at most.
    private const int BulkCacheKib = 32 << 10;

    private readonly SemaphoreSlim _bulkTurn = new(1);
    private DbConnection? _bulk;

    /// <exception cref="InvalidException">The options name no database, or a connection string that cannot be read.</exception>
    public Db(IOptions<DatabaseOptions> options)
    {
        var value = options.Value;
        if (value.ConnectionString is { } connectionString)
        {
            NpgsqlConnectionStringBuilder builder;
            try
            {
                builder = new NpgsqlConnectionStringBuilder(connectionString);
            }
            catch (ArgumentException e)
            {
                throw new InvalidException(
                    $"The database connection string cannot be read: {e.Message} It looks like 'Host=localhost;Database=orleansdl;Username=odl;Password=...'.");
            }

            builder.MaxPoolSize = value.MaximumPoolSize;
            builder.ApplicationName ??= "orleansdl";
            Source = NpgsqlDataSource.Create(builder);
            IsPostgres = true;
        }
        else if (value.SqliteFile is { } file)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            Source = new SqliteDataSource(new SqliteConnectionStringBuilder
            {
                DataSource = Path.GetFullPath(file),
                Pooling = true,
                DefaultTimeout = 30,
            }.ToString());
        }
        else
        {
            throw new InvalidException("No database is configured. Give a data folder (--data) or a PostgreSQL connection string (--database).");
        }
    }

    public bool IsPostgres { get; }

    /// <summary>What the Orleans providers are given.</summary>
    public DbDataSource Source { get; }

    /// <summary>Name under which the Orleans ADO.NET providers know the dialect.</summary>
    public string OrleansInvariant => IsPostgres ? "Npgsql" : "System.Data.SQLite";

    public ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken = default) => Source.OpenConnectionAsync(cancellationToken);

    /// <summary>A connection for what may be done once more after a power cut: SQLite syncs its commits with the next that must stay, which they come before.</summary>
    /// <remarks>PostgreSQL is asked for nothing else than with <see cref="OpenAsync"/>.</remarks>
    public async ValueTask<DbConnection> OpenRelaxedAsync(CancellationToken cancellationToken = default)
    {
        var connection = await OpenAsync(cancellationToken);
        if (!IsPostgres)
        {
            await connection.ExecuteAsync("PRAGMA synchronous=NORMAL");
        }

        return connection;
    }

    /// <summary>A connection for many rows at once. SQLite has one writer and lets the others sleep: there callers take turns, one connection serves them all, and
    /// what it has read of the indexes need not be read again. Nothing else may be opened this way while it is held.</summary>
    public async ValueTask<BulkConnection> OpenBulkAsync(CancellationToken cancellationToken = default)
    {
        if (IsPostgres)
        {
            return new BulkConnection(await OpenAsync(cancellationToken), null);
        }

        await _bulkTurn.WaitAsync(cancellationToken);
        try
        {
            if (_bulk is not { State: ConnectionState.Open })
            {
                _bulk = await OpenAsync(cancellationToken);
                await _bulk.ExecuteAsync($"PRAGMA cache_size = -{BulkCacheKib}");
            }

            return new BulkConnection(_bulk, _bulkTurn);
        }
        catch
        {
            _bulkTurn.Release();
            throw;
        }
    }

    /// <summary>Begins a transaction that may write. On SQLite it takes the write lock at once, so that it cannot fail at its first write.</summary>
    public async ValueTask<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken = default) =>
        IsPostgres
            ? await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken)
            : ((SqliteConnection)connection).BeginTransaction(deferred: false);

    /// <summary>The condition that a column's value is in a list parameter, for example <c>@ids</c> (an array).</summary>
    public string In(string parameter) => IsPostgres ? $"= ANY({parameter})" : $"IN {parameter}";

    public async ValueTask DisposeAsync()
    {
        if (_bulk is { State: ConnectionState.Open })
        {
            // Connections are pooled.
            await _bulk.ExecuteAsync("PRAGMA cache_size = -2000; PRAGMA shrink_memory");
            await _bulk.DisposeAsync();
        }

        _bulkTurn.Dispose();
        await Source.DisposeAsync();
    }
}
