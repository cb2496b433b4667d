using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Samples.Accounts;
using Saga.Workers.Custom;

return await CustomWorker.RunAsync(
    "acme-accounts", args, worker: "acme-accounts",
    steps => steps.Add<OpenAccount>(),
    (services, configuration) => services.AddSingleton(new AccountFolder(
        configuration["Accounts:Folder"] ?? throw new InvalidOperationException("Accounts:Folder is not set: the folder with the accounts."))));
