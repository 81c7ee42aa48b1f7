namespace OrleansDL.Serving;

/// <summary>Writes sampled requests with their answers to a dataset, as rows with the fields of CloudEvents 1.0.</summary>
[GenerateSerializer, Immutable, Alias("payload-log-spec")]
public sealed record PayloadLogSpec
{
    /// <summary>Name or id of a table dataset of the project.</summary>
    [Id(0)] public required string Dataset { get; init; }

    /// <summary>Percent of the answered requests, above 0 to 100, chosen by chance.</summary>
    [Id(1)] public double Percent { get; init; } = 100;

    /// <summary>Tensors, columns and other JSON fields that are never written down, by name; case does not count. With any, rows whose values have no names are left out whole.</summary>
    [Id(2)] public IReadOnlyList<string> Redact { get; init; } = [];

    /// <summary>Bytes of a request and its answer, 0 to 4 MiB. Of what is larger only names, types and shapes are written down.</summary>
    [Id(3)] public long MaximumBytes { get; init; } = 64 << 10;
}
