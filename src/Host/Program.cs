using Saga.Host.Startup;

return await SagaHost.RunAsync(args);
