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

    /// <param name="steps">The whole list.</param>
    /// <param name="kinds">The kinds of operation that this version knows.</param>
    public static IEnumerable<FieldError> Check(IReadOnlyList<CustomStep> steps, IReadOnlyList<string> kinds)
    {
        if (steps.Count > MaxSteps)
            yield return new("/steps", string.Create(CultureInfo.InvariantCulture, $"has {steps.Count} steps; at most {MaxSteps} are allowed"));
        var seen = new HashSet<(string, string)>();
        for (var i = 0; i < steps.Count; i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"/steps/{i}");
            foreach (var error in Check(steps[i], at, kinds))
                yield return error;
            if (steps[i] is { Name: { } name, Workflow: { } workflow } && !seen.Add((workflow, name)))
                yield return new($"{at}/name", $"'{name}' is listed twice for workflow '{workflow}'");
        }
    }

    private static IEnumerable<FieldError> Check(CustomStep step, string at, IReadOnlyList<string> kinds)
    {
        if (!CustomNames.IsStep(step.Name))
            yield return new($"{at}/name", CustomNames.StepRule);
        if (!kinds.Contains(step.Workflow, StringComparer.Ordinal))
            yield return new($"{at}/workflow", $"must be one of {string.Join(", ", kinds)}");
        if (step.Worker is null == step.Http is null)
            yield return new(at, "needs either a worker that runs it, or http with the endpoint to call");
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
            yield return new($"{at}/compensateUrl", "is required, because the step is undone when the operation turns round; a step with afterPivot: true needs none");
        else if (http.CompensateUrl is not null && afterPivot)
            yield return new($"{at}/compensateUrl", "must be absent, because a step after the pivot is never undone");
        else if (http.CompensateUrl is not null && !IsUrl(http.CompensateUrl))
            yield return new($"{at}/compensateUrl", UrlRule);
        if (!CustomNames.IsSecret(http.Secret))
            yield return new($"{at}/secret", CustomNames.SecretRule);
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
