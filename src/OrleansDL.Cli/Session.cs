using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL;

/// <summary>What a client command works with: the parsed line, the platform, and the screen.</summary>
internal sealed class Session(ParseResult parsed) : IDisposable
{
    private Connection? _connection;
    private OdlClient? _client;

    public Connection Connection => _connection ??= Connection.Find(parsed);
    public OdlClient Client => _client ??= new OdlClient(Connection.Url, Connection.Token, Connection.Project);
    public Screen Screen { get; } = Screen.Of(parsed);
    public TimeProvider Time { get; } = TimeProvider.System;

    /// <summary>The same line, looked up anew: a node writes its address and token while it starts.</summary>
    public Session Again() => new(parsed);

    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;
    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    public void Dispose() => _client?.Dispose();
}
