namespace OrleansDL.Tests.RealData;

/// <summary>A test that needs the CLINC150 utterances; its name stands in tests/allowed-skips.txt.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class IntentsFactAttribute : FactAttribute
{
    public IntentsFactAttribute() => Skip = Folder is null ? "ODL_TEST_INTENTS names no folder with the CLINC150 utterances." : null;

    public static string? Folder { get; } = Environment.GetEnvironmentVariable("ODL_TEST_INTENTS");
}
