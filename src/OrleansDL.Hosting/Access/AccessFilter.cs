using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Serialization.Invocation;
using OrleansDL.Identity;
using OrleansDL.Projects;

namespace OrleansDL.Access;

/// <summary>Meets every grain call that comes from outside the cluster with the check that HTTP callers meet: token, role, project.</summary>
/// <remarks>Inside is what carries the cluster's secret (<see cref="InsideMark"/>). From outside, grain methods without
/// <see cref="RequiresAttribute"/> are refused, and Orleans' own grains (management, stream subscriptions) are for administrators.</remarks>
internal sealed class AccessFilter(TokenStore tokens, NameTable names, ClusterSecret secret) : IIncomingGrainCallFilter
{
    private static readonly ConcurrentDictionary<MethodInfo, RequiresAttribute?> Required = new();

    private static readonly Dictionary<Type, ThingKind> Kinds = new Dictionary<Type, ThingKind>
    {
        [typeof(Datasets.IDatasetGrain)] = ThingKind.Dataset,
        [typeof(Training.ITrainingRunGrain)] = ThingKind.TrainingRun,
        [typeof(Models.IModelGrain)] = ThingKind.Model,
        [typeof(Serving.IDeploymentGrain)] = ThingKind.Deployment,
        [typeof(Workflows.IWorkflowGrain)] = ThingKind.Workflow,
        [typeof(Workflows.IWorkflowRunGrain)] = ThingKind.WorkflowRun,
    };

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        // System targets are how silos and gateways keep the cluster itself together.
        if (!context.TargetId.IsSystemTarget() && !context.TargetId.IsClient() && !IsOwnTimer(context) && !await secret.IsAsync(RequestContext.Get(InsideMark.Key) as string))
        {
            await CheckAsync(context);
        }

        await context.Invoke();
    }

    // A grain's timer calls the grain through the same filters, without a request context. Its request is an object of this process
    // that has no form on the wire, so nobody outside can send one.
    private static bool IsOwnTimer(IIncomingGrainCallContext context) => context.Request.GetType().DeclaringType?.FullName == "Orleans.Runtime.GrainTimer";

    private static bool IsOurs(MethodInfo method) => method.DeclaringType?.Namespace?.StartsWith("OrleansDL", StringComparison.Ordinal) == true;

    /// <summary>The method that is called: of a stream of answers Orleans' own method begins it, and carries ours.</summary>
    private static MethodInfo MethodOf(IIncomingGrainCallContext context) => IsOurs(context.InterfaceMethod)
        ? context.InterfaceMethod
        : Enumerable.Range(0, context.Request.GetArgumentCount()).Select(context.Request.GetArgument).OfType<IInvokable>().FirstOrDefault()?.GetMethod() ?? context.InterfaceMethod;

    private async Task CheckAsync(IIncomingGrainCallContext context)
    {
        var called = MethodOf(context);
        if (!IsOurs(called))
        {
            var outsider = await tokens.CheckAsync(RequestContext.Get(Credentials.RequestContextKey) as string);
            if (!outsider.Allows(Role.Admin))
            {
                throw AccessRules.RoleTooLow(outsider, Role.Admin);
            }

            return;
        }

        var requires = Required.GetOrAdd(called, method => method.GetCustomAttribute<RequiresAttribute>())
            ?? throw new ForbiddenException($"{called.DeclaringType?.Name}.{called.Name} is for the cluster's own use. Use the collection grains and the methods that name a role.");
        var caller = await tokens.CheckAsync(RequestContext.Get(Credentials.RequestContextKey) as string);
        if (!caller.Allows(requires.Role))
        {
            throw AccessRules.RoleTooLow(caller, requires.Role);
        }

        if (caller.Project is not null && await ProjectOfAsync(context, called.DeclaringType!) is var project && (project is null || !caller.AllowsProject(project)))
        {
            throw AccessRules.OtherProject(caller, project ?? "(all)");
        }
    }

    private async Task<string?> ProjectOfAsync(IIncomingGrainCallContext context, Type type)
    {
        if (typeof(IGrainWithGuidKey).IsAssignableFrom(type))
        {
            return Kinds.TryGetValue(type, out var kind) && context.TargetId.TryGetGuidKey(out var id, out _)
                ? (await names.FindAsync(kind, id))?.Project
                : null;
        }

        if (type == typeof(IProjectsGrain))
        {
            return context.Request.GetArgumentCount() > 0 ? context.Request.GetArgument(0) as string : null;
        }

        // Collections are keyed by their project; the scheduler and the tokens belong to none.
        return type == typeof(ITokensGrain) || type == typeof(Training.ISchedulerGrain) ? null : context.TargetId.Key.ToString();
    }
}
