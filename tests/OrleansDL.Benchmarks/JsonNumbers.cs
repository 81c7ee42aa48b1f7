using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansDL.Benchmarks.Harness;
using OrleansDL.Serving;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Benchmarks;

/// <summary>A request of 27,648 numbers of nine digits (a tensor of 110 KB) read into its tensor, beside Utf8JsonReader reading the same numbers.</summary>
internal sealed class JsonNumbers : IBenchmark
{
    private const int Numbers = 3 * 48 * 192;
    private const int Requests = 200;

    public string Name => "json.numbers";

    public string Unit => "MB/s";

    public double? Goal => 3;

    public Task<Comparison> RunAsync()
    {
        var random = new Random(1);
        var data = string.Join(',', Enumerable.Range(0, Numbers).Select(_ => random.NextDouble().ToString("F9", CultureInfo.InvariantCulture)));
        var body = Encoding.ASCII.GetBytes($$"""{"inputs":[{"name":"x","shape":[1,3,48,192],"datatype":"FP32","data":[{{data}}]}]}""");
        return Comparison.InterleavedAsync(rounds: 5, () => Task.FromResult(Rate(body, Ours)), () => Task.FromResult(Rate(body, Limit)));
    }

    private static double Rate(byte[] body, Action<byte[]> read)
    {
        var watch = Stopwatch.StartNew();
        for (var request = 0; request < Requests; request++)
        {
            read(body);
        }

        return (double)Requests * body.Length / 1e6 / watch.Elapsed.TotalSeconds;
    }

    private static void Ours(byte[] body)
    {
        var call = InferenceRequestReader.Read(body, body.Length, "bench");
        if (call.Inputs is not [Tensor { Data.Length: Numbers * sizeof(float) }])
        {
            throw new InvalidOperationException("The tensor was not read.");
        }

        call.ReturnBuffers();
    }

    private static void Limit(byte[] body)
    {
        // The shape's four numbers are read with the rest.
        const int All = Numbers + 4;
        var values = new float[All];
        var count = 0;
        var reader = new Utf8JsonReader(body);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.Number && reader.CurrentDepth == 4)
            {
                values[count++] = reader.GetSingle();
            }
        }

        if (count != All)
        {
            throw new InvalidOperationException($"{count} numbers were read.");
        }
    }
}
