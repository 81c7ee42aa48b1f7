using System.Globalization;
using System.Text;
using OrleansDL.Tests.Harness;

namespace OrleansDL.Benchmarks.Harness;

/// <summary>A network over a few numbers, trained and deployed as a user would.</summary>
internal static class TableModel
{
    public const int Features = 10;
    private const string Project = "/v1/projects/default";

    /// <summary>Makes the dataset <c>rows</c>.</summary>
    public static async Task AddRowsAsync(Api api, int rows = 200)
    {
        await api.PostAsync($"{Project}/datasets", new { name = "rows", kind = "table" });
        await api.UploadAsync($"{Project}/datasets/rows/commits?message=rows&format=csv&path=rows.csv&mode=replace", Csv(rows));
    }

    public static async Task TrainAsync(Api api, string name, params int[] hidden)
    {
        await AddRowsAsync(api);
        await api.PostAsync($"{Project}/training-runs", new { name, dataset = "rows", network = new { family = "mlp", hidden }, epochs = 2, registerAs = name });
        await Eventually.TrueAsync("the model", async () =>
            (await api.TryAsync(HttpMethod.Get, $"{Project}/models/{name}/versions/1")).Status is System.Net.HttpStatusCode.OK, TimeSpan.FromMinutes(2));
    }

    public static async Task DeployAsync(Api api, string name, string model, object? batching)
    {
        await api.PostAsync($"{Project}/deployments", new { name, model, batching });
        await Eventually.TrueAsync("the deployment", async () =>
            (await api.GetAsync($"{Project}/deployments/{name}")).GetProperty("status").GetString() == "ready");
    }

    private static string Csv(int rows)
    {
        var random = new Random(1);
        var text = new StringBuilder();
        text.AppendJoin(',', Enumerable.Range(0, Features).Select(column => $"f{column}")).Append(",label\n");
        for (var row = 0; row < rows; row++)
        {
            var values = Enumerable.Range(0, Features).Select(_ => random.NextSingle()).ToList();
            text.AppendJoin(',', values.Select(value => value.ToString("F4", CultureInfo.InvariantCulture)));
            text.Append(values.Sum() > Features / 2.0 ? ",high\n" : ",low\n");
        }

        return text.ToString();
    }
}
