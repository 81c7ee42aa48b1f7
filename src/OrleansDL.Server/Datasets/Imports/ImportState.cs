namespace OrleansDL.Datasets.Imports;

[GenerateSerializer, Alias("import-state")]
internal sealed record ImportState
{
    /// <summary>Null before the import is started.</summary>
    [Id(0)] public string? Project { get; init; }
    [Id(1)] public DatasetImport? Import { get; init; }
}
