using System.Globalization;
using Saga.Contracts.Commands;
using Saga.Contracts.CustomSteps;

namespace Saga.Lifecycle.CustomSteps;

/// <summary>What a custom step must be like whatever workflow it is in. Pure.</summary>
internal static class CustomStepRules
{
    public const int MaxSteps = 100;
    private const int MaxUrl = 2000;
    private const int MaxAttempts = 100;
    private const int Day = 24 * 60 * 60;
    private const int Week = 7 * Day;
    private const int Year = 366 * Day;

    /// <param name="steps">The whole list.</param>
    /// <param name="kinds">The kinds of operation that this version knows.</param>
    public static IEnumerable<FieldError> Check(IReadOnlyList<CustomStep> steps, IReadOnlyList<string> kinds)
    {
        if (steps.Count > MaxSteps)
            yield return new("/steps", string.Create(CultureInfo.InvariantCulture, $"has {steps.Count} steps; at most {MaxSteps} are allowed"));
        var (seen, signals) = (new HashSet<(string, string)>(), new HashSet<(string, string)>());
        for (var i = 0; i < steps.Count; i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"/steps/{i}");
            foreach (var error in Check(steps[i], at, kinds))
                yield return error;
            if (steps[i] is { Name: { } name, Workflow: { } workflow } && !seen.Add((workflow, name)))
                yield return new($"{at}/name", $"'{name}' is listed twice for workflow '{workflow}'");
            if (steps[i] is { Wait: { For: CustomWait.Signal, Name: { } signal }, Workflow: { } waiting } && !signals.Add((waiting, signal)))
                yield return new($"{at}/wait/name", $"another step of workflow '{waiting}' waits for '{signal}' already");
        }
    }

    private static IEnumerable<FieldError> Check(CustomStep step, string at, IReadOnlyList<string> kinds)
    {
        if (!CustomNames.IsStep(step.Name))
            yield return new($"{at}/name", CustomNames.StepRule);
        if (!kinds.Contains(step.Workflow, StringComparer.Ordinal))
            yield return new($"{at}/workflow", $"must be one of {string.Join(", ", kinds)}");
        if (new object?[] { step.Worker, step.Http, step.Wait }.Count(w => w is not null) != 1)
            yield return new(at, "needs either a worker that runs it, or http with the endpoint to call, or wait with what it waits for");
        if (step.Worker is not null && !CustomNames.IsWorker(step.Worker))
            yield return new($"{at}/worker", CustomNames.WorkerRule);
        foreach (var (list, field) in ((IReadOnlyList<string>, string)[])[(step.After, "after"), (step.Before, "before"), (step.Needs, "needs")])
        {
            if (list is null || list.Any(n => n is null))
                yield return new($"{at}/{field}", "must be a list of steps' names");
        }

        if (step.Http is { } http)
        {
            foreach (var error in Check(http, step.AfterPivot, $"{at}/http"))
                yield return error;
        }

        if (step.Wait is { } wait)
        {
            foreach (var error in Check(wait, step, at))
                yield return error;
        }

        var timeout = step.TimeoutSeconds ?? 60;
        if (Outside(step.MaxAttempts, 1, MaxAttempts, out var rule))
            yield return new($"{at}/maxAttempts", rule);
        if (Outside(step.TimeoutSeconds, 1, Day, out rule))
            yield return new($"{at}/timeoutSeconds", rule);
        if (Outside(step.DeadlineSeconds, timeout, Week, out rule))
            yield return new($"{at}/deadlineSeconds", $"{rule}, and not below timeoutSeconds");
        if (Outside(step.StallAfterSeconds, 1, Day, out rule))
            yield return new($"{at}/stallAfterSeconds", rule);
    }

    private static IEnumerable<FieldError> Check(HttpCall http, bool afterPivot, string at)
    {
        if (!IsUrl(http.ExecuteUrl))
            yield return new($"{at}/executeUrl", UrlRule);
        if (http.CompensateUrl is null && !afterPivot)
            yield return new($"{at}/compensateUrl", "is required, because the step is undone when the operation compensates; a step with afterPivot: true needs none");
        else if (http.CompensateUrl is not null && afterPivot)
            yield return new($"{at}/compensateUrl", "must be absent, because a step after the pivot is never undone");
        else if (http.CompensateUrl is not null && !IsUrl(http.CompensateUrl))
            yield return new($"{at}/compensateUrl", UrlRule);
        if (!CustomNames.IsSecret(http.Secret))
            yield return new($"{at}/secret", CustomNames.SecretRule);
    }

    private static IEnumerable<FieldError> Check(CustomWait wait, CustomStep step, string at)
    {
        if (!CustomWait.Kinds.Contains(wait.For, StringComparer.Ordinal))
            yield return new($"{at}/wait/for", $"must be one of {string.Join(", ", CustomWait.Kinds)}");
        else if (wait.For == CustomWait.Signal && !CustomNames.IsSignal(wait.Name))
            yield return new($"{at}/wait/name", CustomNames.SignalRule);
        else if (wait.For != CustomWait.Signal && wait.Name is not null)
            yield return new($"{at}/wait/name", "must be absent, because only a signal has a name");
        if (Outside(wait.WithinSeconds ?? 0, 1, Year, out var rule))
            yield return new($"{at}/wait/withinSeconds", $"is required, and {rule}");
        foreach (var (isGiven, field) in ((bool, string)[])
        [
            (step.Needs is { Count: > 0 }, "needs"), (step.NeedsInput, "needsInput"), (step.MaxAttempts is not null, "maxAttempts"),
            (step.TimeoutSeconds is not null, "timeoutSeconds"), (step.DeadlineSeconds is not null, "deadlineSeconds"), (step.StallAfterSeconds is not null, "stallAfterSeconds"),
        ])
        {
            if (isGiven)
                yield return new($"{at}/{field}", "must be absent, because nobody runs a step that waits");
        }
    }

    private const string UrlRule = "must be an absolute https address without user, password and fragment, at most 2000 characters";

    private static bool IsUrl(string? text) =>
        text is { Length: <= MaxUrl } && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps
        && url.UserInfo.Length == 0 && url.Fragment.Length == 0 && url.IdnHost.Length > 0 && !text.Any(char.IsControl);

    private static bool Outside(int? value, int from, int to, out string rule)
    {
        rule = string.Create(CultureInfo.InvariantCulture, $"must be from {from} to {to}");
        return value < from || value > to;
    }
}
