using Microsoft.AspNetCore.Http;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Statistics;

namespace OrleansDL.Serving.Generation;

/// <summary>Requests to decoupled models, which are answered any number of times.</summary>
internal sealed class DecoupledAnswers(Router router, IServingObserver observer, InferenceStatistics statistics, TimeProvider time)
{
    /// <summary>Returns when the first answer has come, or the answers are over without one. What fails before is the caller's to answer; it is counted here.</summary>
    public async Task<DecoupledRun> BeginAsync(RouteEntry entry, InferenceCall call, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            if (call.Shared is not null || call.Outputs.Exists(output => output.Classes > 0))
            {
                throw InferenceProtocolException.Unsupported("the answers of a decoupled model do not go through shared memory, and are not classified");
            }

            InferenceRequestCheck.Check(call, InferenceModels.SignatureOf(entry), entry.Route.Name, entry.Route.Configuration?.MaximumBatchSize ?? 0);
            var (route, answers) = await router.AnswersAsync(entry, call.ToRequest(), cancellationToken);
            return new DecoupledRun(route, answers, observer, statistics.Of(route), time, started);
        }
        catch (Exception error)
        {
            if (error is not OperationCanceledException)
            {
                observer.OnError(entry.Route, time.GetElapsedTime(started), ProtocolError.Of(error)?.Status ?? StatusCodes.Status500InternalServerError);
            }

            statistics.Of(entry.Route).OnFailure(time.GetElapsedTime(started), error);
            throw;
        }
    }
}
