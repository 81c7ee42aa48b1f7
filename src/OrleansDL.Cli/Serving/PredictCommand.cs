using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OrleansDL.Output;

namespace OrleansDL.Serving;

/// <summary><c>odl predict DEPLOYMENT ...</c></summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        var deployment = new Argument<string>("deployment") { Description = "Name or id of the deployment." };
        var row = new Option<string[]>("--row") { Description = "Values in column order, separated by commas; may be repeated.", DefaultValueFactory = _ => [] };
        var text = new Option<string[]>("--text") { Description = "A text; may be repeated.", DefaultValueFactory = _ => [] };
        var image = new Option<string[]>("--image") { Description = "An image file; may be repeated.", DefaultValueFactory = _ => [] };
        var file = new Option<string?>("--file") { Description = "A JSON file holding an array of rows; '-' is standard input." };
        var top = new Option<int>("--top") { Description = "Labels for each row, best first.", DefaultValueFactory = _ => 1 };
        return new Command("predict", "Ask a deployment for labels.") { deployment, row, text, image, file, top }.Does(async (session, cancel) =>
        {
            var rows = new List<object>();
            rows.AddRange(session.Get(row)!.Select(Values));
            rows.AddRange(session.Get(text)!);
            foreach (var path in session.Get(image)!)
            {
                rows.Add(new { image = Convert.ToBase64String(await File.ReadAllBytesAsync(Files.Existing(path), cancel)) });
            }

            if (session.Get(file) is { } json)
            {
                rows.AddRange((await Files.ReadJsonAsync<JsonElement[]>(json, cancel)).Cast<object>());
            }

            if (rows.Count == 0)
            {
                throw new InvalidException("There is nothing to predict. Give --row 1,2,3, --text TEXT, --image FILE or --file ROWS.json.");
            }

            session.Screen.Show(await session.Client.Deployments.PredictAsync(session.Get(deployment), rows, session.Get(top), cancel), p =>
            {
                foreach (var labels in p.Predictions)
                {
                    session.Screen.Line(string.Join("  ", labels.Select(l => $"{l.Label} {Format.Share(l.Score)}")));
                }

                session.Screen.Line($"{p.Model}@{p.ModelVersion}, inference id {p.InferenceId}");
            });
        });
    }

    private static object Values(string row) => row.Split(',', StringSplitOptions.TrimEntries)
        .Select(object (cell) => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : cell)
        .ToArray();
}
