using Saga.Contracts.Failures;
using Saga.Steps;

namespace Saga.Samples.Accounts;

/// <summary>Opens an account for a tenant, and closes it again when the tenant's operation is undone.</summary>
public sealed class OpenAccount(AccountFolder accounts) : ISagaStep
{
    private const string System = "accounts";

    public string Name => "acme.account.open";

    // While the system is away, this step waits and costs no attempt.
    public IReadOnlyList<string> Systems => [System];

    public async Task<object?> ExecuteAsync(ISagaStepContext context, CancellationToken cancellationToken)
    {
        var tenant = context.Tenant ?? throw new SagaStepException(FailureKind.Permanent, "account-without-tenant", $"Operation '{context.Operation}' concerns no tenant.");
        try
        {
            var found = await accounts.FindAsync(tenant.Id.Value, cancellationToken);
            // This operation's account may be there: the worker may have died right after it was opened.
            if (found is not null && found.OpenedBy != context.OperationId)
            {
                throw new SagaStepException(FailureKind.Permanent, "account-taken", $"Tenant '{tenant.Slug}' has an account that operation {found.OpenedBy} opened.")
                {
                    Remedy = "Close that account, then start the operation again.",
                };
            }

            if (found is null)
            {
                await context.RequireLeaseAsync(cancellationToken);
                await accounts.AddAsync(new Account(tenant.Id.Value, tenant.Slug, context.OperationId), cancellationToken);
            }

            return new { account = $"acme-{tenant.Slug}" };
        }
        catch (IOException error)
        {
            throw Away(error);
        }
    }

    public async Task CompensateAsync(ISagaStepContext context, CancellationToken cancellationToken)
    {
        if (context.Tenant is not { } tenant)
            return;
        try
        {
            // Only what this operation opened. There may be nothing.
            if (await accounts.FindAsync(tenant.Id.Value, cancellationToken) is not { } found || found.OpenedBy != context.OperationId)
                return;
            await context.RequireLeaseAsync(cancellationToken);
            accounts.Remove(tenant.Id.Value);
        }
        catch (IOException error)
        {
            throw Away(error);
        }
    }

    private static SagaStepException Away(IOException error) => new(FailureKind.Outage, "accounts-unavailable", error.Message, error) { System = System };
}
