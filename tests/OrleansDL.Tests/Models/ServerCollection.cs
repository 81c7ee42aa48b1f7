namespace OrleansDL.Tests.Models;

/// <summary>Tests that share one server; each works with names of its own.</summary>
[CollectionDefinition(Name)]
public sealed class ServerCollection : ICollectionFixture<ServerNode>
{
    public const string Name = "models and metrics";
}
