using Microsoft.AspNetCore.Http;
using OrleansDL.Projects;

namespace OrleansDL.Serving;

/// <summary>Predict calls: raw rows in, labels out, each answer and error told to the metrics store.</summary>
internal sealed class Predictions(RouteTable routes, Router router, IServingObserver observer, TimeProvider time)
{
    public const int MaximumTop = 1000;

    public async Task<Prediction> PredictAsync(string project, string deployment, PredictRequest request, CancellationToken cancellationToken, IHeaderDictionary? headers = null)
    {
        var entry = routes.Find(project, deployment)?.Choose(headers) ?? throw NameTable.Missing(project, ThingKind.Deployment, deployment);
        var started = time.GetTimestamp();
        try
        {
            if (request.Top is < 1 or > MaximumTop)
            {
                throw new InvalidException($"top {request.Top} is out of range: 1 to {MaximumTop}.");
            }

            var (route, answer) = await router.PredictAsync(entry, request, cancellationToken);
            var prediction = new Prediction
            {
                InferenceId = InferenceId.New(route.Generation!.Value, time),
                Deployment = route.Name,
                Model = route.ModelName,
                ModelVersion = route.ModelVersion,
                Predictions = answer.Rows,
                Values = answer.Values,
                Steps = answer.Steps,
                Vectors = answer.Vectors,
            };
            entry.Aside?.OnAnswer(route, prediction.InferenceId, request, answer);
            observer.OnAnswer(route, time.GetElapsedTime(started), TopOf(answer));
            return prediction;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            observer.OnError(entry.Route, time.GetElapsedTime(started), error is OrleansDLException known ? known.Status : 500);
            throw;
        }
    }

    private static LabelScore[] TopOf(PredictAnswer answer)
    {
        var top = new LabelScore[answer.Rows.Count];
        var count = 0;
        foreach (var row in answer.Rows)
        {
            if (row.Count > 0)
            {
                top[count++] = row[0];
            }
        }

        return count == top.Length ? top : top[..count];
    }
}
