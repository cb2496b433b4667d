using Saga.Contracts.Commands;
using Saga.Contracts.CustomSteps;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows.Custom;
using Saga.Lifecycle.Verify;
using Saga.Registry;
using Saga.Registry.CustomSteps;
using Saga.Tests.Support.Webhooks;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>A team's steps at an https endpoint, one after the other, in the workflow of a verification.</summary>
internal static class CustomStepScenario
{
    private static readonly Lazy<Task<TestEndpoint>> Endpoint = new(() => TestEndpoint.StartAsync());

    private static readonly IReadOnlyList<CustomStep> Planned = Steps(path => $"https://localhost{path}");

    public static CrashScenario Definition { get; } = new(CustomPlanning.Apply(VerifyWorkflow.Definition, Planned, 1).Workflow, async site =>
    {
        var (tenant, endpoint) = (await site.TenantAsync(), await Endpoint.Value);
        var slug = (await site.ScalarAsync<string>("select slug from tenants where id = @Value", new { tenant.Value }))!;
        return new(new VerifyTenant { TenantId = tenant }, () =>
        {
            var calls = endpoint.Calls.Where(c => c.Method == "POST" && c.Slug == slug).ToList();
            calls.ShouldAllBe(c => c.ValidSignatures == 1 && c.Type == "step.execute");
            // A call that may have been lost is repeated under the same id.
            calls.Select(c => (c.Path, c.Id)).Distinct().Select(c => c.Path).ShouldBe(["/check", "/tell"]);
            return Task.CompletedTask;
        })
        {
            // Whatever was asked for was taken back, last first.
            UndoneAsync = () =>
            {
                string.Join(' ', endpoint.Calls.Where(c => c.Method == "POST" && c.Slug == slug).Select(c => c.Path).Distinct(StringComparer.Ordinal))
                    .ShouldBeOneOf("/check /forget", "/check /tell /untell /forget");
                return Task.CompletedTask;
            },
        };
    })
    {
        Name = "custom-steps",
        ConfigureAsync = async site =>
        {
            var endpoint = await Endpoint.Value;
            site.Settings["Saga:HttpSteps:Secrets:acme:0"] = endpoint.Secrets[0];
            site.Settings["Saga:HttpSteps:AllowedHosts:0"] = "localhost";
            site.Settings["Saga:HttpSteps:CaFile"] = endpoint.CaFile;
            site.Settings["Saga:HttpSteps:LingersForSeconds"] = "1";
            (await new CustomStepStore(site.Registry, new RegistryClock()).AddAsync(0, Steps(path => endpoint.UrlOf(path)), null, "ada", "The CRM.", CancellationToken.None)).ShouldBeTrue();
        },
    };

    private static IReadOnlyList<CustomStep> Steps(Func<string, string> urlOf) =>
    [
        new() { Name = "acme.crm.check", Workflow = VerifyWorkflow.Kind, Before = [StepNames.CheckTenant], Http = new() { ExecuteUrl = urlOf("/check"), CompensateUrl = urlOf("/forget"), Secret = "acme" } },
        new() { Name = "acme.crm.tell", Workflow = VerifyWorkflow.Kind, After = [StepNames.CheckTenant], Http = new() { ExecuteUrl = urlOf("/tell"), CompensateUrl = urlOf("/untell"), Secret = "acme" } },
    ];
}
