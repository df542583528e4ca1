// KEDA's own Kafka scaler, asked without KEDA and without a cluster.
//
// The first line of the input has the triggers of a ScaledObject: [{"metadata": {…}, "auth": {…}}, …]. For every further
// line each trigger's scaler looks once, and a line says what KEDA would be told:
// [{"active": …, "value": …, "target": …, "metric": …}, …], or {"error": …} in the place of a scaler that could not say.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	"github.com/kedacore/keda/v2/pkg/scalers/scalersconfig"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"keda-kafka-scaler/scalers"
)

type trigger struct {
	Metadata map[string]string `json:"metadata"`
	Auth     map[string]string `json:"auth"`
}

type reading struct {
	Active bool    `json:"active"`
	Value  float64 `json:"value"`
	Target float64 `json:"target"`
	Metric string  `json:"metric"`
	Error  string  `json:"error,omitempty"`
}

func main() {
	log.SetLogger(logr.Discard())
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	var triggers []trigger
	lines.Scan()
	if err := json.Unmarshal(lines.Bytes(), &triggers); err != nil {
		fmt.Fprintln(os.Stderr, "the first line is no list of triggers:", err)
		os.Exit(2)
	}
	// A scaler lives as long as its ScaledObject: it remembers what it saw. One that cannot be made is made again.
	made := make([]scalers.Scaler, len(triggers))
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		readings := make([]reading, len(triggers))
		for index, one := range triggers {
			var err error
			if made[index] == nil {
				made[index], err = scalers.NewKafkaScaler(context.Background(), &scalersconfig.ScalerConfig{
					TriggerType:     "kafka",
					TriggerIndex:    index,
					TriggerMetadata: one.Metadata,
					AuthParams:      one.Auth,
				})
			}
			if err == nil {
				readings[index], err = look(made[index])
			} else {
				made[index] = nil
			}
			if err != nil {
				readings[index].Error = err.Error()
			}
		}
		if err := out.Encode(readings); err != nil {
			os.Exit(1)
		}
	}
}

func look(scaler scalers.Scaler) (reading, error) {
	external := scaler.GetMetricSpecForScaling(context.Background())[0].External
	values, active, err := scaler.GetMetricsAndActivity(context.Background(), external.Metric.Name)
	if err != nil {
		return reading{}, err
	}
	return reading{
		Active: active,
		Value:  values[0].Value.AsApproximateFloat64(),
		Target: external.Target.AverageValue.AsApproximateFloat64(),
		Metric: external.Metric.Name,
	}, nil
}
