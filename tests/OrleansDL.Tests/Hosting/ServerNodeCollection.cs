namespace OrleansDL.Tests.Hosting;

/// <summary>Tests that share one node.</summary>
[CollectionDefinition(Name)]
public sealed class ServerNodeCollection : ICollectionFixture<ServerNode>
{
    public const string Name = "one server node";
}
