namespace OrleansDL.Serving.Protocol;

/// <summary>The small bodies of the protocol: errors, health and metadata.</summary>
internal static class ProtocolBodies
{
    /// <summary>What this server implements beyond the core, by the protocol's names.</summary>
    public static string[] Extensions { get; } =
    [
        "classification", "sequence", "sequence(string_id)", "model_repository", "model_repository(unload_dependents)",
        "schedule_policy", "model_configuration", "binary_tensor_data", "parameters", "statistics", "trace", "logging",
    ];

    public static void WriteError(PooledBytes body, string message)
    {
        body.Write("{\"error\":"u8);
        body.WriteString(message);
        body.Write("}"u8);
    }

    public static void WriteServerReady(PooledBytes body, bool ready) =>
        body.Write(ready ? "{\"live\":true,\"ready\":true}"u8 : "{\"live\":true,\"ready\":false}"u8);

    public static void WriteModelReady(PooledBytes body, string model, bool ready)
    {
        body.Write("{\"name\":"u8);
        body.WriteString(model);
        body.Write(ready ? ",\"ready\":true}"u8 : ",\"ready\":false}"u8);
    }

    public static void WriteServerMetadata(PooledBytes body, string name, string version, IEnumerable<string> extensions)
    {
        body.Write("{\"name\":"u8);
        body.WriteString(name);
        body.Write(",\"version\":"u8);
        body.WriteString(version);
        body.Write(",\"extensions\":"u8);
        WriteStrings(body, extensions);
        body.Write("}"u8);
    }

    public static void WriteModelMetadata(PooledBytes body, string name, IEnumerable<long> versions, ModelSignature signature, string platform)
    {
        body.Write("{\"name\":"u8);
        body.WriteString(name);
        body.Write(",\"versions\":"u8);
        WriteStrings(body, versions.Select(version => version.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        body.Write(",\"platform\":"u8);
        body.WriteString(platform);
        body.Write(",\"inputs\":"u8);
        WriteSpecs(body, signature.Inputs);
        body.Write(",\"outputs\":"u8);
        WriteSpecs(body, signature.Outputs);
        body.Write("}"u8);
    }

    /// <summary>What was done to a model: <c>{"name":"m","load":true}</c>.</summary>
    public static void WriteDone(PooledBytes body, string model, ReadOnlySpan<byte> what)
    {
        body.Write("{\"name\":"u8);
        body.WriteString(model);
        body.Write(",\""u8);
        body.Write(what);
        body.Write("\":true}"u8);
    }

    public static void WriteModels(PooledBytes body, IEnumerable<string> names)
    {
        body.Write("{\"models\":"u8);
        WriteStrings(body, names);
        body.Write("}"u8);
    }

    private static void WriteSpecs(PooledBytes body, IReadOnlyList<TensorSpec> specs)
    {
        body.Write("["u8);
        for (var i = 0; i < specs.Count; i++)
        {
            body.Write(i == 0 ? "{\"name\":"u8 : ",{\"name\":"u8);
            body.WriteString(specs[i].Name);
            body.Write(",\"datatype\":"u8);
            body.WriteString(Datatypes.NameOf(specs[i].Type));
            body.Write(",\"shape\":"u8);
            body.Write(System.Text.Encoding.ASCII.GetBytes(InferenceRequestCheck.Format(specs[i].Shape)));
            body.Write("}"u8);
        }

        body.Write("]"u8);
    }

    private static void WriteStrings(PooledBytes body, IEnumerable<string> texts)
    {
        body.Write("["u8);
        var first = true;
        foreach (var text in texts)
        {
            if (!first)
            {
                body.Write(","u8);
            }

            first = false;
            body.WriteString(text);
        }

        body.Write("]"u8);
    }
}
