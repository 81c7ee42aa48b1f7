namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>Tests that share one node with a model repository.</summary>
[CollectionDefinition(Name)]
public sealed class ProtocolCollection : ICollectionFixture<ProtocolNode>
{
    public const string Name = "protocol";
}
