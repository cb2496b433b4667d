using System.ComponentModel;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Saga.Api.OpenApi;
using Saga.Api.Problems;
using Saga.Api.Requests;
using Saga.Api.Tenants;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Backup.Schedules;
using Saga.Lifecycle.Intake;
using Saga.Registry.Backups;
using Saga.Registry.Tenants;

namespace Saga.Api.Backups;

/// <summary>When a tenant is backed up. Its own schedule is replaced as a whole.</summary>
internal static class BackupScheduleEndpoints
{
    private const string Path = "/tenants/{idOrSlug}/backup-schedule";

    public static void MapBackupSchedules(this IEndpointRouteBuilder api)
    {
        api.MapGet(Path, FindAsync).WithName("getBackupSchedule").RequireAuthorization(Policies.Read)
            .WithSummary("Show when a tenant is backed up, and what is kept").Produces<BackupScheduleView>().WithProblems(ProblemType.InvalidParameter, ProblemType.TenantNotFound);
        api.MapPut(Path, PutAsync).WithName("putBackupSchedule").RequireAuthorization(Policies.Write)
            .WithSummary("Replace a tenant's own schedule and retention of backups")
            .WithDescription("What is absent is as the configuration has it, so {} ends the tenant's own schedule. The same schedule again changes nothing.")
            .WithQueryParameter("dryRun", "true to check the schedule and show its next run, without changing anything.", "boolean")
            .Accepts<BackupScheduleRequest>("application/json").Produces<BackupScheduleView>()
            .WithProblems(
                ProblemType.MalformedJson, ProblemType.InvalidParameter, ProblemType.TenantNotFound, ProblemType.TenantState, ProblemType.BodyTooLarge, ProblemType.UnsupportedMediaType,
                ProblemType.Validation);
    }

    private static async Task<IResult> FindAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, TenantStore tenants, BackupScheduleStore schedules, BackupScheduler scheduler,
        BackupRules rules, CancellationToken cancellationToken)
    {
        if (new QueryReader(request).Problem is { } bad)
            return bad;
        return await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is { } tenant
            ? Show((await schedules.FindAsync(tenant, cancellationToken))!, scheduler, rules)
            : TenantAddress.NotFound();
    }

    private static async Task<IResult> PutAsync(
        HttpRequest request, [Description("The tenant's id or slug.")] string idOrSlug, ClaimsPrincipal user, TenantStore tenants, BackupScheduleStore schedules,
        BackupScheduler scheduler, BackupRules rules, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "dryRun");
        var dryRun = query.Flag("dryRun");
        if (query.Problem is { } badQuery)
            return badQuery;
        var (document, badBody) = await JsonBody.ReadAsync(request, cancellationToken);
        if (document is null)
            return badBody!;
        using var body = document;
        if (CommandReader.Read<BackupScheduleRequest>(body.RootElement, hasKey: false, out var errors) is not { } given)
            return Wrong(CommandReader.Detail, errors);
        var found = new List<FieldError>();
        if (given.Cron is { } cron && BackupCalendar.Fault(cron) is { } fault)
            found.Add(new("/cron", fault));
        found.AddRange(Numbers(given).Where(n => n.Value is < 0 or > BackupRetentionOptions.Most).Select(n => new FieldError(n.Pointer, $"must be a whole number from 0 to {BackupRetentionOptions.Most}")));
        var reason = ReasonRule.Check(given.Reason, required: false, found);
        if (found.Count > 0)
            return Wrong("The schedule breaks rules: see errors.", found);
        if (await TenantAddress.FindAsync(idOrSlug, tenants, cancellationToken) is not { } tenant)
            return TenantAddress.NotFound();
        if ((await tenants.FindAsync(tenant, cancellationToken))!.Status == TenantStatus.Deprovisioned)
            return new ProblemResult(ProblemType.TenantState, "The tenant is deprovisioned, so it has no schedule of backups.");

        var keep = new KeepRule { Last = given.KeepLast, Daily = given.KeepDaily, Weekly = given.KeepWeekly, Days = given.KeepDays };
        if (!dryRun)
            await schedules.PutAsync(tenant, given.Cron, keep, user.Caller().ToString(), reason, cancellationToken);
        var now = (await schedules.FindAsync(tenant, cancellationToken))!;
        return Show(dryRun ? now with { Own = new() { Cron = given.Cron, Keep = keep, SetBy = user.Caller().ToString(), SetAt = now.Now } } : now, scheduler, rules);
    }

    private static IEnumerable<(string Pointer, int? Value)> Numbers(BackupScheduleRequest given) =>
        [("/keepLast", given.KeepLast), ("/keepDaily", given.KeepDaily), ("/keepWeekly", given.KeepWeekly), ("/keepDays", given.KeepDays)];

    private static IResult Show(ScheduleOfTenant schedule, BackupScheduler scheduler, BackupRules rules)
    {
        var tenant = new ScheduledTenant(schedule.TenantId, schedule.Plan, schedule.Timezone, schedule.Own?.Cron);
        // The sweep comes a little later than a change.
        var next = schedule.Basis == scheduler.Basis(tenant) ? schedule.NextDueAt : scheduler.Next(tenant, schedule.Now);
        return TypedResults.Ok(BackupScheduleView.Of(schedule, rules.Cron(schedule), rules.Keep(schedule), next));
    }

    private static ProblemResult Wrong(string detail, IReadOnlyList<FieldError> errors) =>
        new(ProblemType.Validation, detail, [.. errors.Select(e => new ProblemError { Pointer = e.Pointer, Detail = e.Detail })]);
}
