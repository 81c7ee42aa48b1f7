using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Generation;
using OrleansDL.Serving.Limits;
using OrleansDL.Serving.Logs;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Repository;
using OrleansDL.Serving.Rpc.Wire;
using OrleansDL.Serving.SharedMemory;
using OrleansDL.Serving.Statistics;
using OrleansDL.Serving.Tracing;

namespace OrleansDL.Serving.Rpc;

/// <summary>The Open Inference Protocol over gRPC. A model of the protocol is a deployment here.</summary>
internal sealed class InferenceService(
    InferenceModels models, ServerReadiness readiness, ServerReports reports, RepositoryFront repository, InferenceAccess access, Router router, RpcErrors errors,
    Generations generations, DecoupledAnswers decoupled, IServingObserver observer, InferenceStatistics statistics, TimeProvider time, IOptions<ServingOptions> options,
    TraceFront traces, LogFront logs, Tracer tracer, RateLimits limits, HeaderForwarding forwarding, SharedMemoryDoor memory)
    : GRPCInferenceService.GRPCInferenceServiceBase
{
    private const string StopOnError = "triton_grpc_error";

    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) => Task.FromResult(new ServerLiveResponse { Live = true });

    public override Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerReadyResponse { Ready = readiness.IsReady });

    public override async Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context)
    {
        try
        {
            var entry = await models.FindAsync(context.GetHttpContext(), request.Name, request.Version);
            return new ModelReadyResponse { Ready = models.IsReady(entry.Route) };
        }
        catch (InferenceProtocolException)
        {
            // A model or version that is not there is not ready: clients take an error for a broken server.
            return new ModelReadyResponse();
        }
    }

    public override async Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        await access.CheckAsync(http, await access.ProjectOfAsync(http), null);
        return new ServerMetadataResponse { Name = options.Value.ServerName, Version = ServerReadiness.Version, Extensions = { memory.Extensions } };
    }

    public override async Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context)
    {
        var entry = await FindAsync(context, request.Name, request.Version);
        var signature = InferenceModels.SignatureOf(entry);
        var response = new ModelMetadataResponse { Name = entry.Route.Name, Versions = { entry.ReadyVersions().Select(Text) }, Platform = ModelConfigs.PlatformOf(entry.Route) };
        response.Inputs.AddRange(signature.Inputs.Select(Metadata));
        response.Outputs.AddRange(signature.Outputs.Select(Metadata));
        return response;
    }

    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var (response, id) = await InferAsync(request, context);
        context.ResponseTrailers.Add(RpcTexts.InferenceId, id);
        return response;
    }

    /// <summary>
    /// Answers in the order of the requests, but for texts to continue and decoupled models, whose parts go out as they come. A failed request is an answer too, unless the caller
    /// asked for the stream to end with it.
    /// </summary>
    public override async Task ModelStreamInfer(
        IAsyncStreamReader<ModelInferRequest> requestStream, IServerStreamWriter<ModelStreamInferResponse> responseStream, ServerCallContext context)
    {
        var stopOnError = string.Equals(context.RequestHeaders.GetValue(StopOnError), "true", StringComparison.OrdinalIgnoreCase);
        await using var texts = new RpcTexts(generations, decoupled, errors, responseStream, context, stopOnError);
        try
        {
            await using var answers = new RpcAnswers(texts);
            await foreach (var request in requestStream.ReadAllAsync(texts.Ending))
            {
                RouteEntry entry;
                try
                {
                    entry = (await FindAsync(context, request.ModelName, request.ModelVersion)).Choose(context.GetHttpContext().Request.Headers);
                    if (RpcTexts.HasParts(request, entry.Route))
                    {
                        limits.Enter(context.GetHttpContext(), entry.Route);
                        await texts.BeginAsync(entry, request);
                        continue;
                    }
                }
                catch (Exception error) when (!stopOnError && !texts.Ending.IsCancellationRequested)
                {
                    await answers.AddAsync(Task.FromResult(Refusal(request, error)));
                    continue;
                }

                // Begun in the order of the stream, which is that of a sequence; it may wait for company, which the next may be.
                await answers.AddAsync(AnswerAsync(entry, request));
            }
        }
        catch (OperationCanceledException) when (texts.Ending.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
        {
            // A text has failed, and the stream ends with that; below it is told.
        }

        await texts.EndAsync();

        async Task<ModelStreamInferResponse> AnswerAsync(RouteEntry entry, ModelInferRequest request)
        {
            try
            {
                var (response, id) = await InferAsync(request, context, entry);
                response.Parameters[RpcTexts.InferenceId] = new InferParameter { StringParam = id };
                response.Parameters[RpcTexts.Final] = new InferParameter { BoolParam = true };
                return new ModelStreamInferResponse { InferResponse = response };
            }
            catch (Exception error) when (!stopOnError && !texts.Ending.IsCancellationRequested)
            {
                return Refusal(request, error);
            }
        }

        ModelStreamInferResponse Refusal(ModelInferRequest request, Exception error) => new()
        {
            ErrorMessage = errors.ToRpc(error, context).Status.Detail,
            InferResponse = new ModelInferResponse { Id = request.Id },
        };
    }

    public override async Task<ModelConfigResponse> ModelConfig(ModelConfigRequest request, ServerCallContext context) =>
        new() { Config = ModelConfigs.Of(await FindAsync(context, request.Name, request.Version)) };

    public override Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context) =>
        reports.StatisticsAsync(context.GetHttpContext(), request.Name, request.Version);

    public override Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context) =>
        request.RepositoryName.Length > 0
            ? throw InferenceProtocolException.Unsupported("'repository_name' specification is not supported")
            : reports.IndexAsync(context.GetHttpContext(), request.Ready);

    public override async Task<RepositoryModelLoadResponse> RepositoryModelLoad(RepositoryModelLoadRequest request, ServerCallContext context)
    {
        await repository.LoadAsync(context.GetHttpContext(), Model(request.RepositoryName, request.ModelName), LoadRequest.Of(request.Parameters));
        return new RepositoryModelLoadResponse();
    }

    public override async Task<RepositoryModelUnloadResponse> RepositoryModelUnload(RepositoryModelUnloadRequest request, ServerCallContext context)
    {
        var withSteps = LoadRequest.CheckUnload(request.Parameters);
        await repository.UnloadAsync(context.GetHttpContext(), Model(request.RepositoryName, request.ModelName), withSteps);
        return new RepositoryModelUnloadResponse();
    }

    public override async Task<TraceSettingResponse> TraceSetting(TraceSettingRequest request, ServerCallContext context) =>
        TraceFront.ToMessage(await traces.AnswerAsync(context.GetHttpContext(), request.ModelName, TraceFront.Changes(request)));

    public override Task<LogSettingsResponse> LogSettings(LogSettingsRequest request, ServerCallContext context) => logs.AnswerAsync(context.GetHttpContext(), request);

    public override Task<SystemSharedMemoryStatusResponse> SystemSharedMemoryStatus(SystemSharedMemoryStatusRequest request, ServerCallContext context) =>
        memory.StatusAsync(context.GetHttpContext(), request.Name);

    public override Task<SystemSharedMemoryRegisterResponse> SystemSharedMemoryRegister(SystemSharedMemoryRegisterRequest request, ServerCallContext context) =>
        memory.RegisterAsync(context.GetHttpContext(), request);

    public override Task<SystemSharedMemoryUnregisterResponse> SystemSharedMemoryUnregister(SystemSharedMemoryUnregisterRequest request, ServerCallContext context) =>
        memory.UnregisterAsync(context.GetHttpContext(), request.Name);

    public override async Task<CudaSharedMemoryStatusResponse> CudaSharedMemoryStatus(CudaSharedMemoryStatusRequest request, ServerCallContext context)
    {
        await memory.NoCudaAsync(context.GetHttpContext(), request.Name);
        return new CudaSharedMemoryStatusResponse();
    }

    public override Task<CudaSharedMemoryRegisterResponse> CudaSharedMemoryRegister(CudaSharedMemoryRegisterRequest request, ServerCallContext context) =>
        memory.RefuseCudaAsync<CudaSharedMemoryRegisterResponse>(context.GetHttpContext(), request.Name);

    public override async Task<CudaSharedMemoryUnregisterResponse> CudaSharedMemoryUnregister(CudaSharedMemoryUnregisterRequest request, ServerCallContext context)
    {
        await memory.NoCudaAsync(context.GetHttpContext(), null);
        return new CudaSharedMemoryUnregisterResponse();
    }

    private async Task<(ModelInferResponse Response, string Id)> InferAsync(ModelInferRequest request, ServerCallContext context, RouteEntry? chosen = null)
    {
        var started = time.GetTimestamp();
        RouteEntry? entry = null;
        RequestTrace? trace = null;
        try
        {
            var found = chosen ?? (await FindAsync(context, request.ModelName, request.ModelVersion)).Choose(context.GetHttpContext().Request.Headers);
            limits.Enter(context.GetHttpContext(), found.Route);
            entry = found;
            trace = tracer.Begin(entry.Route, "GRPC", context.GetHttpContext().Request.Headers, started);
            if (RpcTexts.HasParts(request, entry.Route))
            {
                throw InferenceProtocolException.Unsupported(
                    "ModelInfer RPC doesn't support models with decoupled transaction policy" + (entry.Signature?.Decoupled is true ? "" : ": a text is continued by ModelStreamInfer."));
            }

            var call = RpcRequestReader.Read(request, entry.Route.Name);
            InferenceRequestCheck.Check(call, InferenceModels.SignatureOf(entry), entry.Route.Name, entry.Route.Configuration?.MaximumBatchSize ?? 0);
            forwarding.OfRpc(call, context.GetHttpContext().Request.Headers);
            using var shared = call.Shared is null ? null : await memory.TakeAsync(context.GetHttpContext(), call, entry.Route.Name);
            trace?.OnRequest(call);
            var inference = call.ToRequest();
            var (route, raw) = await router.InferAsync(entry, inference, context.CancellationToken);
            trace?.OnAnswer(raw);
            var answer = Classification.Apply(call, raw, route);
            shared?.Finish(answer);
            var response = Response(request, route, answer, call.Shared);
            var id = InferenceId.New(raw.Generation ?? route.Generation!.Value, time);
            entry.Aside?.OnAnswer(route, id, inference, raw);
            observer.OnAnswer(route, time.GetElapsedTime(started), answer.TopSpan());
            statistics.Of(route).OnSuccess(time.GetElapsedTime(started), answer.Times ?? default, time.GetUtcNow());
            return (response, id.ToString());
        }
        catch (Exception error) when (entry is not null)
        {
            if (error is not OperationCanceledException)
            {
                observer.OnError(entry.Route, time.GetElapsedTime(started), ProtocolError.Of(error)?.Status ?? StatusCodes.Status500InternalServerError);
            }

            statistics.Of(entry.Route).OnFailure(time.GetElapsedTime(started), error);
            throw;
        }
        finally
        {
            trace?.OnEnd();
        }
    }

    /// <summary>Another dialect of the protocol has the model's name where this one has the repository's.</summary>
    private static string Model(string repository, string model) => (repository.Length, model.Length) switch
    {
        (0, _) => model,
        (_, 0) => repository,
        _ => throw InferenceProtocolException.Unsupported("'repository_name' specification is not supported"),
    };

    private static ModelInferResponse Response(ModelInferRequest request, Route route, InferAnswer answer, SharedParts? shared)
    {
        var response = new ModelInferResponse { ModelName = route.Name, ModelVersion = Text(route.Number ?? route.ModelVersion), Id = request.Id };
        foreach (var output in answer.Outputs)
        {
            response.Outputs.Add(new ModelInferResponse.Types.InferOutputTensor { Name = output.Name, Datatype = Datatypes.NameOf(output.Type), Shape = { output.Shape } });

            // An answer's tensors are written once and never again, so they go out from where they lie.
            response.RawOutputContents.Add(shared?.HoldsOutput(output.Name) is true ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(output.Data));
        }

        return response;
    }

    private ValueTask<RouteEntry> FindAsync(ServerCallContext context, string model, string version)
    {
        if (version.Length > 0 && !long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            throw InferenceProtocolException.Invalid(
                $"failed to get model version from specified version string '{version}' (details: stol), version should be an integral value > 0");
        }

        return models.FindAsync(context.GetHttpContext(), model, version);
    }

    private static ModelMetadataResponse.Types.TensorMetadata Metadata(TensorSpec spec) =>
        new() { Name = spec.Name, Datatype = Datatypes.NameOf(spec.Type), Shape = { spec.Shape } };

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);
}
