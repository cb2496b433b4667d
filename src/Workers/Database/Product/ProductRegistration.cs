using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Saga.Workers.Database.Product;

internal static class ProductRegistration
{
    /// <summary>Adds the product's files. Several capabilities of one host may call it.</summary>
    public static IServiceCollection AddProduct(this IServiceCollection services, IConfiguration configuration)
    {
        if (services.Any(s => s.ServiceType == typeof(IValidateOptions<ProductOptions>) && s.ImplementationType == typeof(ProductOptionsValidation)))
            return services;
        services.AddOptionsWithValidateOnStart<ProductOptions, ProductOptionsValidation>().Bind(configuration.GetSection(ProductOptions.Section));
        services.TryAddSingleton(s => s.GetRequiredService<IOptions<ProductOptions>>().Value.Read());
        services.TryAddSingleton(s => s.GetRequiredService<ProductFiles>().Migrations);
        return services;
    }
}
